"""What comes in through the preference page, and the key a provider signs with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import ConsentState, Contact, ContactList, Purpose
from contacts.tracking import Mode, tracking_for

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

YES, NO = "yes", "no"
# What the policy allows of somebody who has not answered, said beside the question.
_MEANWHILE = {
    Mode.NONE: _("As long as you do not answer, nothing is measured."),
    Mode.AGGREGATE: _("As long as you do not answer, it is counted without your name."),
    Mode.HYGIENE: _("As long as you do not answer, we keep the date of the last time and nothing else."),
    Mode.FULL: _("As long as you do not answer, it is measured."),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One list as the page shows it."""

    value: str
    name: str
    description: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One tracking question as the page shows it; `value` is empty while it is open."""

    name: str
    label: "str | _StrPromise"
    reason: str
    choices: list[tuple[str, str]]
    value: str
    error: str


class PreferencesForm(forms.Form):
    """The lists offered, and two questions that may stay unanswered: no box is ticked for anybody."""

    lists = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        error_messages={"invalid_choice": _("This list is no longer offered. Please choose again.")},
    )
    opens = forms.ChoiceField(
        label=_("May we know when you open our messages?"),
        choices=[(YES, ""), (NO, "")],
        required=False,
        error_messages={"invalid_choice": _("Please answer yes or no, or leave the question open.")},
    )
    clicks = forms.ChoiceField(
        label=_("May we know which links you follow?"),
        choices=[(YES, ""), (NO, "")],
        required=False,
        error_messages={"invalid_choice": _("Please answer yes or no, or leave the question open.")},
    )
    purposes = (Purpose.OPENS, Purpose.CLICKS)
    reasons = {
        Purpose.OPENS: _(
            "A small image tells us that a message was opened: we stop writing to people who no longer read. "
            "If you say no, your messages come without it."
        ),
        Purpose.CLICKS: _("To send you what is of interest to you. Links work just the same if you say no."),
    }

    def __init__(self, posted: Any, *, offered: list[tuple[ContactList, bool]], contact: Contact, policy: str) -> None:
        initial = {
            "lists": [str(row.pk) for row, is_on in offered if is_on],
            "opens": _said(contact.open_consent),
            "clicks": _said(contact.click_consent),
        }
        super().__init__(posted, initial=initial)
        self.offered = offered
        unanswered = tracking_for(policy, open_consent=ConsentState.UNKNOWN, click_consent=ConsentState.UNKNOWN)
        self.meanwhile = {
            Purpose.OPENS: _MEANWHILE[unanswered.opens] if not initial["opens"] else "",
            Purpose.CLICKS: _MEANWHILE[unanswered.clicks] if not initial["clicks"] else "",
        }
        lists = self.fields["lists"]
        assert isinstance(lists, forms.MultipleChoiceField)
        lists.choices = [(str(row.pk), row.name) for row, _is_on in offered]

    @property
    def topics(self) -> list[Topic]:
        chosen = {str(value) for value in self["lists"].value() or []}
        return [
            Topic(value=str(row.pk), name=row.name, description=row.description, is_on=str(row.pk) in chosen)
            for row, _is_on in self.offered
        ]

    @property
    def questions(self) -> list[Question]:
        return [
            Question(
                name=purpose.value,
                label=self.fields[purpose.value].label or "",
                reason=self._reason(purpose),
                choices=[(YES, gettext("Yes")), (NO, gettext("No"))],
                value=str(self[purpose.value].value() or ""),
                error=str((self.errors.get(purpose.value) or [""])[0]),
            )
            for purpose in self.purposes
        ]

    def wording(self, purpose: Purpose) -> str:
        """The words of a question as they were shown, for the record of consent."""
        field = self.fields[purpose.value]
        return f"{field.label} {self._reason(purpose)}"

    def _reason(self, purpose: Purpose) -> str:
        return f"{self.reasons[purpose]} {self.meanwhile[purpose]}".strip()

    def answer(self, purpose: Purpose) -> bool | None:
        """True, False, or None for a question left open."""
        return {YES: True, NO: False}.get(self.cleaned_data[purpose.value])


def _said(consent: int) -> str:
    return {ConsentState.GRANTED: YES, ConsentState.DENIED: NO}.get(ConsentState(consent), "")


class SigningKeyForm(forms.Form):
    """One key, as the provider shows it: a word, or the lines of a public key."""

    key = forms.CharField(
        label=_("Signing key"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("On the provider's page about webhooks. It is encrypted here and never shown again."),
    )

    def clean_key(self) -> str:
        lines = [line.strip() for line in self.cleaned_data["key"].splitlines()]
        key = "".join(line for line in lines if not line.startswith("-----"))
        if not key or not key.isascii() or " " in key:
            raise forms.ValidationError(_("This is no key: it holds blanks or accents."))
        return key
