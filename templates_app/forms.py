"""What people type about templates."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from templates_app.mjml import SIZE_LIMIT
from templates_app.models import Template
from templates_app.starters import STARTERS


class NewTemplateForm(forms.ModelForm[Template]):
    """A name, a language, and what to begin with."""

    starter = forms.ChoiceField(
        label=_("Begin with"),
        choices=[(starter.key, starter.name) for starter in STARTERS],
        initial=STARTERS[0].key,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Template
        fields = ("name", "language")


class TemplateForm(forms.ModelForm[Template]):
    """The editor's form. Whether the source is good is asked of the service, which keeps the good version."""

    source = forms.CharField(
        label=_("MJML source"), max_length=SIZE_LIMIT, strip=False, required=False, widget=forms.Textarea
    )

    class Meta:
        model = Template
        fields = ("name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].widget.attrs["class"] = "form-select"

    def clean_source(self) -> str:
        """Browsers send CRLF; a source has LF."""
        return str(self.cleaned_data["source"]).replace("\r\n", "\n").replace("\r", "\n")


class LookForm(forms.Form):
    """A source to look at, as whom, in which theme, with its dates in which language."""

    source = forms.CharField(max_length=SIZE_LIMIT, strip=False, required=False)
    reader = forms.IntegerField(required=False)
    theme = forms.ChoiceField(choices=[("light", "light"), ("dark", "dark")], required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
