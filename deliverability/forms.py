"""Input about senders and warm-ups."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.mailbox_providers import MAILBOX_PROVIDERS
from deliverability.models import Sender
from deliverability.services import BrokenSender, checked
from deliverability.warmup.plans import BrokenCeilings, check_ceilings


class SenderForm(forms.ModelForm[Sender]):
    class Meta:
        model = Sender
        fields = ("name", "address", "reply_to")
        help_texts = {
            "name": _("What people read in their mailbox: your brand, or a person of it."),
            "address": _("On a domain that is yours: mailbox providers refuse the others."),
            "reply_to": _("Where answers go. Left empty, they go to the address above."),
        }
        widgets = {"address": forms.EmailInput, "reply_to": forms.EmailInput}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                values["name"], values["address"], values["reply_to"] = checked(
                    name=values["name"], address=values["address"], reply_to=values["reply_to"]
                )
            except BrokenSender as error:
                self.add_error(error.field, str(error))
        return values


class BounceForm(forms.Form):
    """Where bounces of a domain's mail go."""

    bounce_address = forms.EmailField(
        label=_("Bounces go to"),
        required=False,
        max_length=290,
        help_text=_("A mailbox that takes address+anything. Empty: to the sender’s own address."),
    )


class StartWarmupForm(forms.Form):
    """The mailbox providers a warm-up begins at."""

    groups = forms.TypedMultipleChoiceField(
        choices=[(known.number, known.name) for known in MAILBOX_PROVIDERS], coerce=int
    )


class CeilingsForm(forms.Form):
    """Daily ceilings, a day a line."""

    ceilings = forms.CharField(
        label=_("Messages a day, a line for each day"),
        widget=forms.Textarea(attrs={"rows": 12, "inputmode": "numeric", "spellcheck": "false"}),
        max_length=2000,
        help_text=_("At most double from one day to the next. The plan stands on the same day as before."),
    )

    def clean_ceilings(self) -> list[int]:
        parts = self.cleaned_data["ceilings"].replace(",", " ").replace(";", " ").split()
        for number, part in enumerate(parts, start=1):
            if not (part.isascii() and part.isdigit()) or len(part) > 9:
                raise forms.ValidationError(
                    _("Line %(line)d: “%(text)s” is not a number.") % {"line": number, "text": part[:20]}
                )
        found = [int(part) for part in parts]
        try:
            check_ceilings(found)
        except BrokenCeilings as error:
            raise forms.ValidationError(str(error)) from error
        return found
