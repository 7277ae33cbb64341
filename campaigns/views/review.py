"""The page before sending, and the message inside it."""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from campaigns import queries, services
from campaigns.forecasts import forecast_of
from campaigns.forms import RhythmForm, SendForm
from campaigns.models import Campaign
from campaigns.orders import canary_of
from campaigns.review import Check, Fix, Reach, review, show
from campaigns.review.reach import ReachSelection, list_names, reach_contacts
from campaigns.views.common import find, head, known_reach
from campaigns.ways import provider_of, stream_of
from common.policies import message_policy
from contacts.models import Contact
from delivery.failover import Refusal, stand_ins
from delivery.limits.waves import LARGE
from delivery.models import Provider

_READERS = 8  # people to choose from, the first of the audience


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check with the button that mends it."""

    check: Check
    url: str = ""
    post_url: str = ""
    action: str = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.check, name)

    @property
    def state(self) -> str:
        return self.check.severity.value


@require_safe
def review_page(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    if not campaign.is_draft:
        return redirect("campaigns:show", pk=pk)
    reach = known_reach(request, campaign)
    found = review(campaign=campaign, reach=reach)
    readers = _readers(campaign, reach)
    reader = _reader(request, readers)
    nameless = next((person for person in readers if not person.first_name), None)
    context = head(campaign) | {
        "review": found,
        "reach": reach,
        "list_names": list_names(campaign),
        "checks": [_with_button(check, campaign) for check in found.checks],
        "readers": readers,
        "reader": reader,
        "shown": show(campaign=campaign, contact=reader),
        "nameless_reader": nameless,
        "nameless": show(campaign=campaign, contact=nameless) if nameless else None,
        "wave": canary_of(campaign),
        "leaves_in_waves": bool((reach and reach.recipient_count > LARGE) or campaign.wave_size),
        "forecast": forecast_of(campaign, now=timezone.now(), reach=reach) if reach else None,
        "current": 3,
        "send_form": SendForm(initial=SendForm.initial_of(campaign)),
        "stand_ins": _stand_ins(campaign),
        "previous": queries.previous_of(campaign),
        "earliest": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "zone": timezone.get_current_timezone_name(),
        "test_query": _test_query(campaign, reader, provider_of(campaign)),
    }
    return render(request, "campaigns/review.html", context)


@require_safe
def forecast(request: Request, pk: int) -> HttpResponse:
    """When it would be through with the rhythm that is being chosen; nothing is stored. What makes no sense counts as
    not chosen."""
    campaign, form = find(pk), RhythmForm(request.GET)
    form.is_valid()
    for name, value in asdict(form.rhythm()).items():
        setattr(campaign, name, value)
    found = forecast_of(campaign, now=timezone.now(), at=form.cleaned_data.get("at"))
    return render(request, "campaigns/_forecast_part.html", {"forecast": found})


def _stand_ins(campaign: Campaign) -> list[Refusal]:
    """Who would take over from its provider; nobody where the campaign names one."""
    provider = provider_of(campaign)
    if campaign.provider is not None or provider is None:
        return []
    address = campaign.sender.address if campaign.sender else ""
    return stand_ins(stream_of(campaign), provider, sender_address=address, now=timezone.now())


def _test_query(campaign: Campaign, reader: Contact | None, provider: Provider | None) -> str:
    """What the test send's panel is filled with; empty while there is nothing to send."""
    if campaign.template_version_id is None:
        return ""
    values = {
        "version": campaign.template_version_id,
        "subject": campaign.subject,
        "preheader": campaign.preheader,
        "sender": campaign.sender_id,
        "provider": provider.pk if provider else None,
        "contact": reader.pk if reader else None,
    }
    return urlencode({name: value for name, value in values.items() if value})


def _readers(campaign: Campaign, reach: Reach | None) -> list[Contact]:
    """The first of the audience, and one without a first name where there is one."""
    everybody = reach_contacts(campaign, ReachSelection()).order_by("pk")
    readers = sorted(everybody[:_READERS], key=lambda person: not person.first_name)
    if reach and reach.nameless_count and all(person.first_name for person in readers):
        readers += everybody.filter(first_name="")[:1]
    return readers


def _reader(request: Request, readers: list[Contact]) -> Contact | None:
    chosen = request.GET.get("as", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 18:
        found = next((person for person in readers if person.pk == int(chosen)), None)
        found = found or Contact.objects.filter(pk=int(chosen)).first()
        if found is not None:
            return found
    return readers[0] if readers else None


def _with_button(check: Check, campaign: Campaign) -> ShownCheck:
    """Where each kind of finding is mended."""
    version = campaign.template_version
    here = {"pk": campaign.pk}
    places: dict[Fix, tuple[str, dict[str, int], str]] = {
        Fix.AUDIENCE: ("campaigns:audience", here, _("Choose lists")),
        Fix.CONTENT: ("campaigns:content", here, _("Change")),
        Fix.TEMPLATE: ("templates:edit", {"pk": version.template_id if version else 0}, _("Open the template")),
        Fix.SENDER: ("deliverability:senders", {}, _("Senders")),
        Fix.PROVIDER: ("delivery:providers", {}, _("Providers")),
        Fix.ORGANISATION: ("accounts:settings", {}, _("Settings")),
    }
    provider = provider_of(campaign) if check.fix == Fix.ALIGNMENT else None
    if provider is not None and campaign.sender is not None:
        url = reverse("delivery:alignment", args=(provider.pk, campaign.sender.domain_id))
        return ShownCheck(check, url=url, action=_("See the record"))
    if check.fix == Fix.NEWER:
        return ShownCheck(check, post_url=reverse("campaigns:newer", kwargs=here), action=_("Take the new version"))
    if check.fix not in places:
        return ShownCheck(check)
    name, arguments, action = places[check.fix]
    return ShownCheck(check, url=reverse(name, kwargs=arguments), action=action)


@require_POST
def take_newer(request: Request, pk: int) -> HttpResponse:
    campaign = find(pk)
    version = campaign.template_version
    current = version.template.current if version else None
    if current is not None:
        draft = services.Draft(template_version=current, given=frozenset({"template_version"}))
        try:
            services.update_draft(campaign=campaign, draft=draft, user=request.user)
        except services.CampaignRefused as refused:
            messages.error(request, str(refused))
    return redirect("campaigns:review", pk=pk)


@message_policy
@require_safe
def preview(request: Request, pk: int) -> HttpResponse:
    """The draft as one person reads it, in a route of its own: safe when opened directly, links lead nowhere."""
    shown = show(campaign=find(pk), contact=_reader(request, []))
    return HttpResponse(shown.html)
