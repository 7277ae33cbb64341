"""Input about one person, to clean values."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.addresses import BrokenAddress, address_key
from contacts.imports.values import ENCODERS, WrongValue
from contacts.models import Contact, ContactField, ContactList


class ContactForm(forms.Form):
    """A person's words about themselves, custom fields included."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    first_name = forms.CharField(label=_("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=100, required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("not known")), *settings.LANGUAGES], required=False
    )

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        if contact is not None:
            kwargs["initial"] = {
                "address": contact.address,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "language": contact.language,
            }
        super().__init__(*args, **kwargs)
        self._own = list(ContactField.objects.all())
        for field in self._own:
            value = contact.fields.get(str(field.pk)) if contact else None
            self.fields[f"field_{field.pk}"] = _field_of(field, value)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        try:
            address_key(address)
        except BrokenAddress as error:
            raise forms.ValidationError(str(error)) from error
        return address

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in self._own:
            text = str(self.cleaned_data.get(f"field_{field.pk}") or "").strip()
            if not text:
                continue
            try:
                values[str(field.pk)] = json.loads(ENCODERS[field.kind](text))
            except WrongValue as error:
                self.add_error(f"field_{field.pk}", str(error))
        self.cleaned_data["fields"] = values
        return self.cleaned_data


def _field_of(field: ContactField, value: Any) -> forms.Field:
    if field.kind == ContactField.Kind.BOOLEAN:
        initial = {True: "yes", False: "no"}.get(value, "")
        choices = [("", _("not known")), ("yes", _("yes")), ("no", _("no"))]
        return forms.ChoiceField(label=field.label, choices=choices, required=False, initial=initial)
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    widget = forms.DateInput(attrs={"type": "date"}) if field.kind == ContactField.Kind.DATE else forms.TextInput()
    return forms.CharField(label=field.label, required=False, initial=text, max_length=5_000, widget=widget)


class JoinForm(forms.Form):
    """A list, and the proof that somebody wants to be on it."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.all(), empty_label=_("none for now")
    )
    source = forms.CharField(
        label=_("Where the consent comes from"),
        max_length=300,
        help_text=_("In your words, for the record: “asked by phone on 3 May”, “order form, box ticked”."),
    )


class NewContactForm(ContactForm):
    """The same, with a list to begin with."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.all(), required=False, empty_label=_("none for now")
    )
    source = forms.CharField(
        label=_("Where the consent comes from"),
        max_length=300,
        required=False,
        help_text=JoinForm.base_fields["source"].help_text,
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("contact_list") and not found.get("source", "").strip():
            self.add_error("source", gettext("Say where the consent comes from: nobody joins a list without proof."))
        return found
