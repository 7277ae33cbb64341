"""Input about one person, to clean values."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.zones import zone_choices
from contacts.addresses import BrokenAddress, address_key
from contacts.models import Contact, ContactField, ContactList
from contacts.values import WrongValue, as_text, value_of


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

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        if contact is not None:
            kwargs["initial"] = {
                "address": contact.address,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "language": contact.language,
                "time_zone": contact.time_zone,
            }
        super().__init__(*args, **kwargs)
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = [("", _("as the organisation")), *zone_choices()]
        self._contact = contact
        self._own = list(ContactField.objects.filter(archived_at=None))
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
        # What is not asked for here, such as an archived field, stays.
        values: dict[str, Any] = dict(self._contact.fields) if self._contact else {}
        for field in self._own:
            given = self.cleaned_data.get(f"field_{field.pk}") or ""
            try:
                value = value_of(field, "; ".join(given) if isinstance(given, list) else str(given))
            except WrongValue as error:
                self.add_error(f"field_{field.pk}", str(error))
                continue
            if value is None or value == []:
                values.pop(str(field.pk), None)
            else:
                values[str(field.pk)] = value
        self.cleaned_data["fields"] = values
        return self.cleaned_data


def _field_of(field: ContactField, value: Any) -> forms.Field:
    """The input of a field."""
    text = as_text(value)
    if field.kind == ContactField.Kind.BOOLEAN:
        choices = [("", _("not known")), ("yes", _("yes")), ("no", _("no"))]
        return forms.ChoiceField(label=field.label, choices=choices, required=False, initial=text)
    if field.is_chosen_from:
        options = [(one, one) for one in field.options]
        if field.kind == ContactField.Kind.CHOICE:
            choices = [("", _("not known")), *options]
            return forms.ChoiceField(label=field.label, choices=choices, required=False, initial=text)
        return forms.MultipleChoiceField(
            label=field.label, choices=options, required=False, initial=value or [], widget=forms.CheckboxSelectMultiple
        )
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["time_zone"]  # seldom known of somebody new; the page of the person asks for it

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("contact_list") and not found.get("source", "").strip():
            self.add_error("source", gettext("Say where the consent comes from: nobody joins a list without proof."))
        return found
