"""What strangers type into a subscribe form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from disposable_email_domains import blocklist
from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.addresses import BrokenAddress, address_key, domain_of
from contacts.models import ContactField, ContactList, SubscribeForm
from contacts.services import Posted
from contacts.values import WrongValue, value_of

_INPUTS: dict[str, tuple[str, str]] = {
    ContactField.Kind.NUMBER: ("text", "decimal"),
    ContactField.Kind.DATE: ("date", ""),
}
_AUTOCOMPLETE = {"first_name": "given-name", "last_name": "family-name"}
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One input as the page draws it."""

    name: str
    label: str
    value: str
    error: str
    is_required: bool
    type: str = "text"
    mode: str = ""
    autocomplete: str = "off"
    options: tuple[tuple[str, bool], ...] = ()  # of "select" and "checks": a choice, and whether it is made


class JoinForm(forms.Form):
    """The fields of one SubscribeForm, in one language. Nothing is ticked for anybody."""

    email = forms.CharField(max_length=320, error_messages={"required": _("Your address is missing.")})
    consent = forms.BooleanField(required=False)
    tracking = forms.BooleanField(required=False)
    lists = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": _("This list is no longer offered. Please choose again.")}
    )

    def __init__(self, posted: Any, *, form: SubscribeForm, language: str) -> None:
        super().__init__(posted)
        self.form, self.language = form, language
        self.words = form.words_in(language)
        self.offered: list[ContactList] = []
        self.show_lists(list(form.lists.all()) if form.pk else [])
        custom = {f"field:{row.pk}": row for row in ContactField.objects.filter(archived_at=None)}
        self.custom = {key: row for key, row in custom.items() if key in {one["key"] for one in form.fields}}
        for one in form.fields:
            if one["key"] in (*SubscribeForm.NAMES, *self.custom):
                self.fields[one["key"]] = self._field(one)

    def _field(self, one: dict[str, Any]) -> forms.Field:
        labels = {"first_name": _("First name"), "last_name": _("Last name")}
        row = self.custom.get(one["key"])
        label = row.label if row else labels[one["key"]]
        if row and row.kind == ContactField.Kind.BOOLEAN:
            return forms.BooleanField(label=label, required=False)
        missing = {"required": _("Please fill this in.")}
        if row and row.is_chosen_from:
            kind = forms.ChoiceField if row.kind == ContactField.Kind.CHOICE else forms.MultipleChoiceField
            return kind(
                label=label,
                choices=[(option, option) for option in row.options],
                required=one.get("is_required", False),
                error_messages=missing,
            )
        limit = LONGEST if row else 100
        return forms.CharField(
            label=label, required=one.get("is_required", False), max_length=limit, error_messages=missing
        )

    def show_lists(self, lists: list[ContactList]) -> None:
        """Offer these; the builder's preview offers what is not saved yet."""
        self.offered = lists
        choices = self.fields["lists"]
        assert isinstance(choices, forms.MultipleChoiceField)
        choices.choices = [(str(row.pk), row.name) for row in lists]

    @property
    def has_choice(self) -> bool:
        """Whether there are several lists to choose from."""
        return len(self.offered) > 1

    @property
    def chosen(self) -> set[str]:
        return {str(value) for value in self["lists"].value() or []}

    @property
    def lines(self) -> Iterator[Line]:
        """The inputs above the address, in the form's order."""
        for name in self.fields:
            if name in ("email", "consent", "tracking", "lists"):
                continue
            row = self.custom.get(name)
            shown, mode = _shown(row)
            yield Line(
                name=name,
                label=str(self.fields[name].label),
                value=str(self[name].value() or ""),
                error=str((self.errors.get(name) or [""])[0]) if self.is_bound else "",
                is_required=self.fields[name].required,
                type=shown,
                mode=mode,
                options=self._options(name, row) if row and row.is_chosen_from else (),
                autocomplete=_AUTOCOMPLETE.get(name, "off"),
            )

    def _options(self, name: str, row: ContactField) -> tuple[tuple[str, bool], ...]:
        given = self[name].value() or ""
        chosen = set(given) if isinstance(given, list) else {given}
        return tuple((option, option in chosen) for option in row.options)

    def clean_email(self) -> str:
        address = str(self.cleaned_data["email"]).strip()
        try:
            key = address_key(address)
        except BrokenAddress as error:
            raise forms.ValidationError(str(error)) from error
        domain = domain_of(key)
        if self.form.refuses_disposable and (domain in blocklist or domain.partition(".")[2] in blocklist):
            raise forms.ValidationError(_("Please give an address that lasts: this one is of a throw-away mailbox."))
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for key, row in self.custom.items():
            value = cleaned.get(key)
            if row.kind == ContactField.Kind.BOOLEAN or not value:
                continue
            try:
                cleaned[key] = value_of(row, "; ".join(value) if isinstance(value, list) else str(value))
            except WrongValue as error:
                self.add_error(key, str(error))
        if self.has_choice and not cleaned.get("lists") and "lists" not in self.errors:
            self.add_error("lists", _("Please choose at least one."))
        if not self.has_choice and not cleaned.get("consent"):
            self.add_error("consent", _("Please tick the box: without it, we do not write."))
        return cleaned

    def posted(self) -> Posted:
        """As contacts.services takes it."""
        data = self.cleaned_data
        values = {str(row.pk): data[key] for key, row in self.custom.items() if data.get(key)}
        return Posted(
            address=data["email"],
            language=self.language,
            first_name=data.get("first_name", ""),
            last_name=data.get("last_name", ""),
            fields=values,
            tracking=self.form.asks_tracking and data["tracking"],
            lists=tuple(int(number) for number in data["lists"]),
        )


def _shown(row: ContactField | None) -> tuple[str, str]:
    """The kind of input, and its inputmode."""
    if row is None:
        return "text", ""
    if row.kind == ContactField.Kind.BOOLEAN:
        return "checkbox", ""
    if row.is_chosen_from:
        return ("select" if row.kind == ContactField.Kind.CHOICE else "checks"), ""
    return _INPUTS.get(row.kind, ("text", ""))
