"""Input about senders."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deliverability.models import Sender
from deliverability.services import BrokenSender, checked


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
