"""Input about a field of one's own, to clean values."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.imports.mapping import field_key, slug
from contacts.models import ContactField
from contacts.values import SEPARATORS

_CHOSEN = (ContactField.Kind.CHOICE, ContactField.Kind.CHOICES)
MOST_OPTIONS = 500
LONGEST_OPTION = 100


class FieldForm(forms.Form):
    """A field to be made; of one that is there (`field`), what may change: neither its type nor its key."""

    label = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(
        label=_("Type"),
        choices=ContactField.Kind.choices,
        help_text=_("It cannot be changed later: the values people have would no longer fit."),
    )
    key = forms.CharField(
        label=_("Name in templates and files"),
        max_length=60,
        required=False,
        help_text=_("Letters, digits and underscores, such as “shoe_size”. Left empty, it is made from the name."),
    )
    options = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("For choices only: one a line, in the order they are offered. Left empty, any value is taken."),
    )
    is_fast = forms.BooleanField(
        label=_("Fast to filter"),
        required=False,
        initial=True,
        help_text=_("Indexed in the background. At most 20 fields; each makes imports a little slower."),
    )

    def __init__(self, *args: Any, field: ContactField | None = None, **kwargs: Any) -> None:
        if field is not None:
            is_fast = field.speed not in (ContactField.Speed.PLAIN, ContactField.Speed.FAILED)
            kwargs["initial"] = {"label": field.label, "options": "\n".join(field.options), "is_fast": is_fast}
        super().__init__(*args, **kwargs)
        self._field = field
        if field is not None:
            del self.fields["kind"], self.fields["key"]
            if field.kind not in _CHOSEN:
                del self.fields["options"]

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        if not key:
            return field_key(self.cleaned_data.get("label", ""))
        if key != slug(key) or key[0].isdigit():
            raise forms.ValidationError(gettext("Lower-case letters, digits and underscores, beginning with a letter."))
        if field_key(key) != key:
            raise forms.ValidationError(gettext("Templates use “%(key)s” for something else.") % {"key": key})
        return key

    def clean_options(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["options"].splitlines()]
        options = list(dict.fromkeys(line for line in lines if line))
        if len(options) > MOST_OPTIONS:
            raise forms.ValidationError(gettext("At most %(most)d choices.") % {"most": MOST_OPTIONS})
        for option in options:
            if SEPARATORS.search(option) or len(option) > LONGEST_OPTION:
                said = gettext("“%(option)s”: no comma, semicolon or bar in a choice, and at most 100 characters.")
                raise forms.ValidationError(said % {"option": option[:60]})
        return options

    def clean(self) -> dict[str, Any]:
        kind = self._field.kind if self._field else self.cleaned_data.get("kind")
        if kind not in _CHOSEN:
            self.cleaned_data["options"] = []
        return self.cleaned_data
