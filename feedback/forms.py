"""What comes in through the preference page, and the key a provider signs with."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from contacts.addresses import BrokenAddress, address_key
from contacts.models import ConsentState, Contact, ContactList, LeavingReason, Purpose
from contacts.services import PAUSES
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


class TrackingForm(forms.Form):
    """Two questions that may stay unanswered: no box is ticked for anybody."""

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

    def __init__(self, posted: Any, *, contact: Contact, policy: str, initial: dict[str, Any] | None = None) -> None:
        known = {"opens": _said(contact.open_consent), "clicks": _said(contact.click_consent)}
        super().__init__(posted, initial=known | (initial or {}))
        unanswered = tracking_for(policy, open_consent=ConsentState.UNKNOWN, click_consent=ConsentState.UNKNOWN)
        self.meanwhile = {
            Purpose.OPENS: _MEANWHILE[unanswered.opens] if not known["opens"] else "",
            Purpose.CLICKS: _MEANWHILE[unanswered.clicks] if not known["clicks"] else "",
        }

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


class PreferencesForm(TrackingForm):
    """The lists offered, the two questions, the language, and a pause."""

    lists = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        error_messages={"invalid_choice": _("This list is no longer offered. Please choose again.")},
    )
    language = forms.ChoiceField(label=_("Language of our messages"), choices=settings.LANGUAGES, required=False)
    pause = forms.TypedChoiceField(label=_("A break"), coerce=int, empty_value=None, required=False)

    def __init__(self, posted: Any, *, offered: list[tuple[ContactList, bool]], contact: Contact, policy: str) -> None:
        chosen = [str(row.pk) for row, is_on in offered if is_on]
        language = contact.language or get_language() or ""
        super().__init__(posted, contact=contact, policy=policy, initial={"lists": chosen, "language": language})
        self.offered = offered
        lists, pause = self.fields["lists"], self.fields["pause"]
        assert isinstance(lists, forms.MultipleChoiceField)
        assert isinstance(pause, forms.TypedChoiceField)
        lists.choices = [(str(row.pk), row.name) for row, _is_on in offered]
        pause.choices = self._pauses(contact.paused_until)

    @staticmethod
    def _pauses(until: datetime | None) -> list[tuple[str, str]]:
        days = [(str(number), gettext("%(days)s days without our messages") % {"days": number}) for number in PAUSES]
        if until is None or until <= timezone.now():
            return [("", gettext("No break")), *days]
        kept = gettext("As it is: until %(day)s") % {"day": date_format(until, "DATE_FORMAT")}
        return [("", kept), ("0", gettext("End the break now")), *days]

    @property
    def topics(self) -> list[Topic]:
        chosen = {str(value) for value in self["lists"].value() or []}
        return [
            Topic(value=str(row.pk), name=row.name, description=row.description, is_on=str(row.pk) in chosen)
            for row, _is_on in self.offered
        ]


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


class AddressForm(forms.Form):
    """Another address to be written to."""

    address = forms.CharField(label=_("Your new address"), max_length=320)

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip()
        try:
            address_key(address)
        except BrokenAddress as error:
            raise forms.ValidationError(str(error)) from error
        return address


class LeavingForm(forms.Form):
    """Why somebody left."""

    answer = forms.TypedChoiceField(label=_("Why?"), coerce=int, choices=LeavingReason.Answer.choices)
    words = forms.CharField(label=_("In your words"), max_length=500, required=False)
