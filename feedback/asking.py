"""What providers tell of a time when they are asked, put into the shape of their webhooks: one reader for both.

Mailgun and SparkPost list the events of their webhooks. Brevo lists events by tag and address: our tag names the
mailing, the address its message. Postmark lists what it sent, with our metadata, and bounces by its own number.
Elsewhere there is no such list, or none that names our messages.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contacts.addresses import BrokenAddress, address_key
from delivery.lanes.backends import Api
from delivery.models import Message, Provider

MOST_PAGES = 20_000  # of one account: an answer that never ends is a fault
_MOST_OF_POSTMARK = 10_000  # messages one search gives
_POSTMARKS_CLOCK = ZoneInfo("America/New_York")  # in which it reads dates
_BREVO = {
    "requests": "request",
    "delivered": "delivered",
    "hardBounces": "hard_bounce",
    "softBounces": "soft_bounce",
    "bounces": "soft_bounce",
    "deferred": "deferred",
    "spam": "spam",
    "blocked": "blocked",
    "invalid": "invalid_email",
    "unsubscribed": "unsubscribe",
    "error": "error",
}


class Endless(Exception):
    """More than can be believed, or more than the provider lets be asked."""


def _mailgun(api: Api, provider: Provider, since: datetime, until: datetime) -> Iterator[Any]:
    wanted = "accepted OR rejected OR delivered OR failed OR unsubscribed OR complained"
    asked: dict[str, Any] | None = {
        "begin": since.timestamp(), "end": until.timestamp(), "ascending": "yes", "limit": 300, "event": wanted,
    }  # fmt: skip
    url = f"{provider.options['sender_domain']}/events"
    for _ in range(MOST_PAGES):
        page = api.ask(url, asked)
        if not page["items"]:
            return
        for item in page["items"]:
            yield {"event-data": item, "signature": {}}
        url, asked = page["paging"]["next"], None
    raise Endless("Mailgun")


def _sparkpost(api: Api, provider: Provider, since: datetime, until: datetime) -> Iterator[Any]:
    wanted = "injection,delivery,bounce,delay,policy_rejection,out_of_band,spam_complaint,list_unsubscribe"
    asked: dict[str, Any] | None = {
        "from": _minute(since), "to": _minute(until), "events": wanted, "per_page": 1_000, "cursor": "initial",
    }  # fmt: skip
    url = "events/message"
    for _ in range(MOST_PAGES):
        page = api.ask(url, asked)
        yield [{"msys": {"message_event": item}} for item in page["results"]]
        url, asked = page.get("links", {}).get("next"), None
        if not url:
            return
    raise Endless("SparkPost")


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _brevo(api: Api, provider: Provider, since: datetime, until: datetime) -> Iterator[Any]:
    days = {"startDate": since.date().isoformat(), "endDate": until.date().isoformat()}
    for number in range(MOST_PAGES):
        asked = {**days, "limit": 2_500, "offset": number * 2_500, "sort": "asc"}
        items = api.ask("smtp/statistics/events", asked).get("events", [])
        if not items:
            return
        identities = _by_tag_and_address(items)
        for item in items:
            kind, at = _BREVO.get(item["event"]), datetime.fromisoformat(item["date"])
            identity = identities.get((item.get("tag", ""), item["email"]))
            if kind and identity and since <= at <= until:
                yield {
                    "event": kind, "email": item["email"], "message-id": item["messageId"],
                    "ts_epoch": at.timestamp() * 1000, "reason": item.get("reason"),
                    "X-Mailin-custom": json.dumps({"envol_id": identity}),
                }  # fmt: skip
    raise Endless("Brevo")


def _by_tag_and_address(items: list[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """(tag, address) → our opaque id; one statement a page. An address is once in a mailing."""
    keys: dict[str, set[str]] = {}
    for item in items:
        if str(item.get("tag", "")).startswith("envol-"):
            try:
                keys.setdefault(address_key(item["email"]), set()).add(item["email"])
            except BrokenAddress:
                continue
    mailings = {
        int(tag[6:]) for item in items if (tag := str(item.get("tag", "")))[:6] == "envol-" and tag[6:].isdigit()
    }
    found = Message.objects.filter(address_key__in=list(keys), mailing__in=mailings)
    return {
        (f"envol-{mailing}", address): f"{mailing}.{number}"
        for number, mailing, key in found.values_list("pk", "mailing_id", "address_key")
        for address in keys[key or ""]
    }


def _postmark(api: Api, provider: Provider, since: datetime, until: datetime) -> Iterator[Any]:
    """First what was sent; then the bounces, which name a message by Postmark's number only."""
    known: dict[str, dict[str, str]] = {}
    for item in _searched(api, provider, "messages/outbound", "Messages", since, until):
        known[item["MessageID"]] = item.get("Metadata") or {}
        yield {"RecordType": "Sent", "Email": item["Recipients"][0], **item}
    for item in _searched(api, provider, "bounces", "Bounces", since, until):
        if item["MessageID"] in known:
            yield {**item, "RecordType": "Bounce", "Metadata": known[item["MessageID"]]}


def _searched(
    api: Api, provider: Provider, path: str, name: str, since: datetime, until: datetime
) -> Iterator[Mapping[str, Any]]:
    """All of a search, whose time is halved until it fits into what one search gives."""
    spans = [(since, until)]
    while spans:
        start, end = spans.pop()
        asked = {"count": 500, "offset": 0, "fromdate": _eastern(start), "todate": _eastern(end)}
        asked["messagestream"] = provider.options.get("message_stream") or "outbound"
        page = api.ask(path, asked)
        total = int(page["TotalCount"])
        if total > _MOST_OF_POSTMARK:
            if end - start <= timedelta(seconds=2):
                raise Endless("Postmark")
            middle = start + (end - start) / 2
            spans += [(middle, end), (start, middle)]
            continue
        yield from page[name]
        for offset in range(500, total, 500):
            yield from api.ask(path, asked | {"offset": offset})[name]


def _eastern(at: datetime) -> str:
    return at.astimezone(_POSTMARKS_CLOCK).strftime("%Y-%m-%dT%H:%M:%S")


Asking = Callable[[Api, Provider, datetime, datetime], Iterator[Any]]
CAN_BE_ASKED: dict[str, Asking] = {
    "brevo": _brevo,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sparkpost": _sparkpost,
}
