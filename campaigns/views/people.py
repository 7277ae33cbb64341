"""The people behind the numbers: of the audience before sending, of the messages after it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from campaigns.models import Campaign
from campaigns.people import Person, Selection, every_person, messages_of, neutral, persons
from campaigns.review.reach import ANY, NOT_IN_AUDIENCE, ReachSelection, reach_contacts, verdicts_of
from campaigns.views.common import find, head
from common.paging import page
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import Contact
from delivery.ledger import NotNow, count_as_sent, send_again
from delivery.models import Mailing
from delivery.reasons import Reason


def _started(pk: int) -> tuple[Campaign, Mailing]:
    campaign = find(pk)
    if campaign.mailing is None:
        raise Http404
    return campaign, campaign.mailing


_KEPT = ("state", "reason", "did", "mailbox", "link", "like")


@require_safe
def message_people(request: Request, pk: int) -> HttpResponse:
    campaign, mailing = _started(pk)
    selection = Selection.read(request.GET)
    cut = page(messages_of(mailing, selection), order=("message_id",), cursor=request.GET.get("cursor", ""))
    kept = {key: value for key, value in request.GET.items() if key in _KEPT}
    context = head(campaign) | {
        "page": cut,
        "people": persons(cut.rows),
        "selection": selection,
        "title": selection.title(mailing),
        "query": urlencode(kept),
    }
    return render(request, "campaigns/people.html", context)


_COLUMNS = ("delivered", "bounced", "complained", "opened", "clicked", "unsubscribed")


@require_safe
def export(request: Request, pk: int) -> StreamingHttpResponse:
    """The same people as a file; cells that a spreadsheet would run as a formula are made plain text."""
    campaign, mailing = _started(pk)
    rows = every_person(messages_of(mailing, Selection.read(request.GET)))
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(campaign.name) or "campaign"}.csv"'
    return response


class _Echo:
    """Gives back what the csv module writes, so that lines are streamed."""

    def write(self, line: str) -> str:
        return line


def _lines(people: Iterator[Person]) -> Iterator[str]:
    write = csv.writer(_Echo()).writerow
    yield "\ufeff"  # spreadsheets read UTF-8 only when told
    yield write(["address", "first_name", "last_name", "state", "reason", "at", *_COLUMNS, "reply"])
    for person in people:
        contact = person.contact
        stamps = [getattr(person.outcome, f"{name}_at") if person.outcome else None for name in _COLUMNS]
        cells = [
            person.address,
            contact.first_name if contact else "",
            contact.last_name if contact else "",
            person.state,
            person.reason,
            *(_instant(at) for at in (person.at, *stamps)),
            person.reply,
        ]
        yield write([neutral(cell) for cell in cells])


def _instant(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


@dataclass(frozen=True, slots=True)
class ReachRow:
    """A person before sending: gets the message, or why not."""

    contact: Contact
    is_in: bool
    why: str


@require_safe
def reach_people(request: Request, pk: int) -> HttpResponse:
    """Before sending: who is in, who is out and why; one person can be looked up by name or address."""
    campaign = find(pk)
    selection = ReachSelection.read(request.GET)
    cut = page(reach_contacts(campaign, selection), order=("pk",), cursor=request.GET.get("cursor", ""))
    verdicts = verdicts_of(campaign, cut.rows)
    rows = [ReachRow(contact, verdicts[contact.pk] == 0, _why(verdicts[contact.pk])) for contact in cut.rows]
    context = head(campaign) | {"page": cut, "rows": rows, "selection": selection, "title": _reach_title(selection)}
    return render(request, "campaigns/reach.html", context)


def _why(verdict: int) -> str:
    if verdict == NOT_IN_AUDIENCE:
        return _("on none of the chosen lists")
    return str(Reason(verdict).label) if verdict else ""


def _reach_title(selection: ReachSelection) -> str:
    if selection.is_search:
        return _("Look for a person")
    if selection.reason == ANY:
        words = _("Will not get it")
    elif selection.reason:
        words = _("Will not get it: %s") % Reason(int(selection.reason)).label
    else:
        words = _("Will get the message")
    return words if selection.mailbox is None else f"{words} · {BY_NUMBER[selection.mailbox].name}"


@require_POST
def settle(request: Request, pk: int, message_id: int) -> HttpResponse:
    """A person's word about a message in doubt: it did arrive, or send it again."""
    _campaign, mailing = _started(pk)
    if not (mailing.first_message_id or 0) <= message_id <= (mailing.last_message_id or -1):
        raise Http404
    if "again" in request.POST:
        try:
            send_again(message_id, user=request.user)
        except NotNow as reason:
            messages.warning(request, str(reason))
        else:
            messages.success(request, _("It waits for its turn again."))
    elif count_as_sent(message_id, user=request.user, at=timezone.now()):
        messages.success(request, _("Counted as sent."))
    else:
        messages.warning(request, _("It was no longer in doubt."))
    return redirect("campaigns:live", pk=pk)
