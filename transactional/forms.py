"""A new API key."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey

MOST_A_MINUTE = 1_000_000


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Of the software that will use it, such as “Shop” or “Website”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=ApiKey.Scope.choices,
        initial=[scope.value for scope in ApiKey.Scope],
        widget=forms.CheckboxSelectMultiple,
    )
    per_minute = forms.IntegerField(
        label=_("Messages a minute at most"),
        initial=6_000,
        min_value=1,
        max_value=MOST_A_MINUTE,
        required=False,
        help_text=_("What a mistake in that software can do at most. Empty: no limit."),
    )

    def clean_name(self) -> str:
        name: Any = " ".join(str(self.cleaned_data["name"]).split())
        return str(name)
