"""Input about how an account signs for a domain."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliverability.records.spf import address_in
from delivery.models import Alignment

MOST_SELECTORS = 5
_LABELS = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*")
_SPF_WORD = re.compile(r"^(include:|ip4:|ip6:|a:)")


class SigningForm(forms.Form):
    """What the DNS cannot be asked without. Pasted whole records are cut to what counts."""

    selectors = forms.CharField(
        label=_("DKIM selector"),
        required=False,
        max_length=800,
        help_text=_("What stands before ._domainkey in the name of the record. Several are separated by blanks."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    spf_via = forms.CharField(
        label=_("For SPF: a name to include, or the address mail leaves from"),
        required=False,
        max_length=253,
        help_text=_(
            "Such as spf.example.com or 203.0.113.7. It counts if the server leaves the envelope sender as it is."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, row: Alignment, has_spf: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"selectors": row.selectors, "spf_via": row.spf_via}
        if not has_spf:
            del self.fields["spf_via"]

    def clean_selectors(self) -> list[str]:
        words = re.split(r"[\s,;]+", self.cleaned_data["selectors"].strip().lower())
        found = [word.partition("._domainkey")[0] for word in words if word]
        for one in found:
            if len(one) > 63 or not _LABELS.fullmatch(one):
                raise forms.ValidationError(_("“%(word)s” is no selector.") % {"word": one[:40]})
        if len(found) > MOST_SELECTORS:
            raise forms.ValidationError(_("Five selectors at most."))
        return list(dict.fromkeys(found))

    def clean_spf_via(self) -> str:
        given = _SPF_WORD.sub("", self.cleaned_data["spf_via"].strip().lower()).rstrip(".")
        if given and address_in(given) is None and not ("." in given and _LABELS.fullmatch(given)):
            raise forms.ValidationError(_("Neither a name nor an address."))
        return given


class WordForm(forms.Form):
    """A person's word."""

    is_aligned = forms.BooleanField(required=False)
