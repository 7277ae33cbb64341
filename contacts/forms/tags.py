"""Input about tags, to clean values."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import Tag


class TagNameForm(forms.Form):
    """The word on a tag."""

    name = forms.CharField(
        label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"})
    )

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if not name:
            raise forms.ValidationError(gettext("A tag is a word or two."))
        return name


class MergeForm(forms.Form):
    """Which other tag its people get instead."""

    into = forms.ModelChoiceField(label=_("Into which tag"), queryset=Tag.objects.none())

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        into = self.fields["into"]
        assert isinstance(into, forms.ModelChoiceField)
        into.queryset = Tag.objects.exclude(pk=tag.pk).order_by("name")
