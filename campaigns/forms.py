"""Input about campaigns: each step of the draft, the date, the filters of the list."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import PACES, WATCHES, Campaign
from campaigns.services import Draft, Rhythm
from contacts.models import ContactList
from deliverability.models import Sender
from delivery.models import Provider, Stream
from delivery.models.limits import groups
from delivery.streams import for_campaigns
from templates_app.models import Template


class ShareForm(forms.Form):
    """Which mailbox providers' shares a decision is about."""

    share = forms.TypedMultipleChoiceField(choices=groups, coerce=int)


class AudienceForm(forms.Form):
    """Step 1: a name for the team, and who it is for."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        help_text=gettext_lazy("For your team; the people written to never see it."),
    )
    lists = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Lists"),
        queryset=ContactList.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Somebody on several lists gets the message once."),
    )

    def __init__(self, data: Any = None, *, people: Mapping[int, int], campaign: Campaign | None = None) -> None:
        """`people`: how many are on each list, by its number."""
        initial = {"name": campaign.name, "lists": campaign.lists.all()} if campaign else {}
        super().__init__(data, initial=initial)
        self.campaign, self._people = campaign, people

    def boxes(self) -> list[tuple[Any, ContactList, int]]:
        """Each list's checkbox, the list, and how many are on it."""
        choices = [(box, box.data["value"].instance) for box in self["lists"]]
        return [(box, found, self._people.get(found.pk, 0)) for box, found in choices]

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if Campaign.objects.filter(name=name).exclude(pk=self.campaign.pk if self.campaign else 0).exists():
            raise forms.ValidationError(_("There is already a campaign called “%s”.") % name, code="taken")
        return name

    def draft(self, language: str = "") -> Draft:
        """`language` is for a new campaign: the one its author works in."""
        clean = self.cleaned_data
        draft = Draft(name=clean["name"], lists=list(clean["lists"]), given=frozenset({"name", "lists"}))
        return replace(draft, language=language) if language else draft


class _MayWait:
    """A field the review insists on, not the form: a draft may be left half-way. Not called optional, for it is not."""

    def validate(self, value: Any) -> None:
        return


class _ChoiceThatMayWait(_MayWait, forms.ModelChoiceField[Any]):
    pass


class _WordsThatMayWait(_MayWait, forms.CharField):
    pass


class ContentForm(forms.Form):
    """Step 2: what is said, in whose name and through whom. Only the review insists: a draft may be left half-way."""

    template = _ChoiceThatMayWait(
        label=gettext_lazy("Template"),
        queryset=Template.objects.none(),
        empty_label=gettext_lazy("Choose a template"),
    )
    subject = _WordsThatMayWait(
        label=gettext_lazy("Subject"),
        max_length=300,
        help_text=gettext_lazy(
            "Personal words are welcome, such as {{ contact.first_name }}; the others are listed beside."
        ),
    )
    preheader = forms.CharField(
        label=gettext_lazy("Preheader"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("The grey words after the subject in an inbox."),
    )
    sender = _ChoiceThatMayWait(
        label=gettext_lazy("Sender"),
        queryset=Sender.objects.none(),
        empty_label=gettext_lazy("Choose a sender"),
    )
    reply_to = forms.EmailField(
        label=gettext_lazy("Answers go to"),
        required=False,
        help_text=gettext_lazy("Left empty, answers go where the sender's settings say."),
    )
    stream = forms.ModelChoiceField(
        label=gettext_lazy("Stream"),
        queryset=Stream.objects.none(),
        required=False,
        empty_label=gettext_lazy("Marketing, as usual"),
        help_text=gettext_lazy("Its own limits, providers and sending domain."),
    )
    provider = forms.ModelChoiceField(
        label=gettext_lazy("Provider"),
        queryset=Provider.objects.none(),
        required=False,
        empty_label=gettext_lazy("The first of the stream that works"),
        help_text=gettext_lazy("One that you choose is the only one: when it cannot send, the campaign waits."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the message"), choices=settings.LANGUAGES)

    def __init__(self, data: Any = None, *, campaign: Campaign) -> None:
        version = campaign.template_version
        initial = {
            "template": version and version.template_id,
            "subject": campaign.subject,
            "preheader": campaign.preheader,
            "sender": campaign.sender_id or _only(Sender.objects.all()),
            "reply_to": campaign.reply_to,
            "provider": campaign.provider_id,
            "stream": campaign.stream_id,
            "language": campaign.language,
        }
        super().__init__(data, initial=initial)
        choices = {
            "template": Template.objects.exclude(current=None).select_related("current").order_by("name"),
            "sender": Sender.objects.order_by("name", "address"),
            "provider": Provider.objects.order_by("name"),
            "stream": for_campaigns(),
        }
        for name, queryset in choices.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_preheader(self) -> str:
        return " ".join(self.cleaned_data["preheader"].split())

    def draft(self) -> Draft:
        """The chosen template's version of today: later changes of the template do not reach this campaign."""
        clean = dict(self.cleaned_data)
        template: Template | None = clean.pop("template")
        return Draft(
            **clean,
            template_version=template.current if template else None,
            given=frozenset(clean) | {"template_version"},
        )


def pace_choices() -> list[tuple[int, str]]:
    """The rhythms a campaign can leave in."""
    return [
        (hours, ngettext("spread over %(hours)d hour", "spread over %(hours)d hours", hours) % {"hours": hours})
        if hours
        else (0, _("as fast as the limits allow"))
        for hours in PACES
    ]


def watch_choices() -> list[tuple[int, str]]:
    """How long a first wave can be watched."""
    return [
        (minutes, ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes})
        for minutes in WATCHES
    ]


def _only(rows: "QuerySet[Any]") -> int | None:
    """The one there is, chosen before anybody is asked; None where there is a choice to make."""
    found = list(rows.values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


class RhythmForm(forms.Form):
    """When it leaves, and how: evenly, not at night, in waves."""

    at = forms.DateTimeField(
        label=gettext_lazy("Leaves at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    pace_hours = forms.TypedChoiceField(
        label=gettext_lazy("Rhythm"),
        coerce=lambda value: int(value or 0),
        required=False,
        choices=lambda: pace_choices(),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    rests_at_night = forms.BooleanField(
        label=gettext_lazy("Nothing between 9 pm and 8 am"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    wave_size = forms.IntegerField(
        label=gettext_lazy("People of each mailbox provider"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"class": "form-control", "aria-describedby": "wave-hint"}),
    )
    wave_minutes = forms.TypedChoiceField(
        label=gettext_lazy("Watched for"),
        coerce=lambda value: int(value or 15),
        required=False,
        choices=lambda: watch_choices(),
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    @staticmethod
    def initial_of(campaign: Campaign) -> dict[str, Any]:
        """What the form begins with."""
        return {
            "pace_hours": campaign.pace_hours,
            "rests_at_night": campaign.rests_at_night,
            "wave_size": campaign.wave_size or None,
            "wave_minutes": campaign.wave_minutes,
        }

    def rhythm(self) -> Rhythm:
        """What was chosen, for the service."""
        clean = self.cleaned_data
        return Rhythm(
            pace_hours=clean.get("pace_hours") or 0,
            rests_at_night=clean.get("rests_at_night", False),
            wave_size=clean.get("wave_size") or 0,
            wave_minutes=clean.get("wave_minutes") or 15,
        )


class SendForm(RhythmForm):
    """The button: now, or at a time; with what the page had shown."""

    when = forms.ChoiceField(choices=[("now", "now"), ("later", "later")], initial="now")
    seen_at = forms.CharField(widget=forms.HiddenInput)
    seen_count = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_seen_at(self) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            raise forms.ValidationError(_("Please open the review page again."), code="damaged") from None

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if clean.get("when") == "later":
            if "at" in clean and not clean["at"]:
                self.add_error("at", _("Say when it should leave."))
            elif clean.get("at") and clean["at"] <= timezone.now():
                self.add_error("at", _("That time is already over."))
        else:
            clean["at"] = None
        return clean
