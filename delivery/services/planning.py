"""Planning a mailing: what must not go out is refused here, with a fix beside each problem."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.services import organisation
from contacts.addresses import BrokenAddress, address_key, domain_of
from contacts.audience import Audience
from deliverability.services import bounce_address_of
from delivery import alignment
from delivery.counters import draw
from delivery.models import Content, Mailing, Provider, Stream
from delivery.skeleton import ContentRefused, compile_content, record_links
from delivery.streams import default_stream, domain_problem, provider_for
from templates_app.problems import SourceErrors
from templates_app.rendering import undefined_names
from templates_app.variables import known_names


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something must not go out. `code` is stable; `message` and `fix` are in the active language."""

    code: str
    message: str
    fix: str = ""


class MailingRefused(Exception):
    """The order has problems; nothing was planned."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ContentOrder:
    """What one variant in one language says. `html` is compiled MJML with Liquid in it; `text` may be empty."""

    subject: str
    html: str
    sender_address: str
    sender_name: str = ""
    reply_to: str = ""
    preheader: str = ""
    text: str = ""
    variant: str = "A"
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Canary:
    """First waves: `size` people a mailbox provider (0: by the rule of limits/waves.py), watched for `minutes`."""

    size: int = 0
    minutes: int = 15


@dataclass(frozen=True, slots=True)
class MailingOrder:
    """One frozen send. `occasion`: drawn by the caller when several mailings are one occasion, else drawn here.

    `stream` None: the one for marketing. `provider` None: the stream's first; one that is named is the only one, and
    the mailing waits when it cannot send.
    """

    name: str
    audience: Audience
    provider: Provider | None
    contents: tuple[ContentOrder, ...]
    starts_at: datetime
    occasion: int | None = None
    is_test: bool = False
    is_sample: bool = False
    stream: Stream | None = None
    open_until: datetime | None = None
    pace: timedelta | None = None  # spread evenly over so long
    canary: Canary | None = None  # a large mailing leaves in waves
    quiet: tuple[time, time] | None = None  # from, to: nothing leaves, in the organisation's zone


def draw_occasion() -> int:
    """One number for a campaign with all its variants, for an automation's run and step, for one request."""
    return draw("occasion")


def plan_mailing(order: MailingOrder) -> Mailing:
    """Freeze the order into a Mailing with its Contents and Links. Raises MailingRefused with every problem."""
    problems = check_order(order)
    if problems:
        raise MailingRefused(problems)
    try:
        with transaction.atomic():
            return freeze_order(order)
    except ContentRefused as error:
        raise MailingRefused([Problem("content", words) for words in error.problems]) from error


def freeze_order(order: MailingOrder) -> Mailing:
    """The order as rows, unchecked but for a provider; call inside a transaction. Raises ContentRefused."""
    ours, stream = organisation(), stream_of(order)
    provider = order.provider or provider_for(stream)
    if provider is None:
        raise MailingRefused(provider_problems(None))
    mailing = Mailing.objects.create(
        name=order.name,
        stream=stream,
        provider=provider,
        is_pinned=order.provider is not None or provider.is_catcher,
        occasion=order.occasion or draw_occasion(),
        audience=order.audience.to_json(),
        from_domain=from_domain(order),
        policy=stream.tracking_policy or ours.tracking_policy,
        public_url=settings.ENVOL_URL,
        tracking_url=settings.TRACKING_URL,
        organisation={"name": ours.name, "address": ours.address},
        is_test=order.is_test,
        is_sample=order.is_sample,
        is_transactional=stream.is_transactional,
        repeats_doubts=stream.repeats_doubts,
        open_until=order.open_until,
        pace_seconds=int(order.pace.total_seconds()) if order.pace else None,
        quiet_from=order.quiet[0] if order.quiet else None,
        quiet_to=order.quiet[1] if order.quiet else None,
        canary_size=order.canary.size if order.canary else None,
        canary_minutes=order.canary.minutes if order.canary else 0,
        starts_at=order.starts_at,
    )
    for content in order.contents:
        row = _content(mailing, content)
        record_links(row)
        compile_content(row)  # what could not be filled for anybody is refused now, not at the first person
    return mailing


def stream_of(order: MailingOrder) -> Stream:
    """The stream an order leaves by."""
    return order.stream or default_stream(Stream.Kind.MARKETING)


def from_domain(order: MailingOrder) -> str:
    """The domain of the From address; variants of one mailing have the same."""
    try:
        return domain_of(address_key(order.contents[0].sender_address)) if order.contents else ""
    except BrokenAddress:
        return ""


def _content(mailing: Mailing, order: ContentOrder) -> Content:
    return Content.objects.create(
        mailing=mailing,
        variant=order.variant,
        language=order.language,
        subject=order.subject,
        preheader=order.preheader,
        sender_name=order.sender_name,
        sender_address=order.sender_address,
        reply_to=order.reply_to,
        bounce_address=bounce_address_of(order.sender_address),
        html=order.html,
        text=order.text,
    )


def check_order(order: MailingOrder) -> list[Problem]:
    """Everything that must be put right before this may go out; empty when it may."""
    stream = stream_of(order)
    provider = order.provider or provider_for(stream)
    return [
        *_organisation_problems(),
        *provider_problems(provider),
        *stream_problems(stream, senders=[content.sender_address for content in order.contents]),
        *_alignment_problems(order, stream, provider),
        *_audience_problems(order, stream),
        *_content_problems(order),
    ]


def stream_problems(stream: Stream, *, senders: Iterable[str]) -> list[Problem]:
    """Senders that are not of the stream's domain."""
    found = [domain_problem(stream, sender) for sender in senders]
    return [Problem("stream_domain", message, fix) for message, fix in filter(None, found)]


def _alignment_problems(order: MailingOrder, stream: Stream, provider: Provider | None) -> list[Problem]:
    """Mail to many is refused where the DNS says that the account may not write in its name; mail its reader waits for
    is tried all the same."""
    if provider is None or stream.is_transactional:
        return []
    return alignment_problems(provider, senders=[content.sender_address for content in order.contents])


def alignment_problems(provider: Provider, *, senders: Iterable[str]) -> list[Problem]:
    """Sending domains the DNS says no to."""
    return [
        Problem(
            "unaligned",
            _("%(provider)s may not write for %(domain)s: mailbox providers would refuse the mail")
            % {"provider": provider, "domain": domain},
            _("Publish the record that is missing; it is ready to copy under Providers, Sending domains."),
        )
        for domain in alignment.refused(provider, senders)
    ]


def _audience_problems(order: MailingOrder, stream: Stream) -> Iterator[Problem]:
    if stream.is_transactional and order.audience.lists:
        yield Problem(
            "stream",
            _("The stream “%(stream)s” does not heed unsubscribes: a list is never written to by it.")
            % {"stream": stream},
            _("Choose a stream for marketing."),
        )


def _organisation_problems() -> Iterator[Problem]:
    if not organisation().is_complete:
        yield Problem(
            "organisation",
            _("The organisation's name and postal address are missing; the law asks for both in every campaign."),
            _("Fill them in under Settings."),
        )


def provider_problems(provider: Provider | None) -> list[Problem]:
    """Why nothing may be sent through this provider now."""
    if provider is None:
        return [Problem("provider", _("No provider is chosen."), _("Add one under Deliverability, Providers."))]
    problems = []
    if not is_loopback(provider) and (why := unreachable_address()):
        problems.append(
            Problem(
                "address",
                _("“%(provider)s” delivers to real people, but %(why)s: every link in their mail would lead nowhere.")
                % {"provider": provider.name, "why": why},
                _("Set ENVOL_URL to the public https address of this installation, or send through the test inbox."),
            )
        )
    return problems


def is_loopback(provider: Provider) -> bool:
    """Whether this provider is on this very machine: the catcher, or a test server. It reaches nobody by itself."""
    if provider.is_catcher:
        return True
    host = provider.options.get("host") or urlsplit(str(provider.options.get("api_url", ""))).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def unreachable_address() -> str:
    """Why people elsewhere cannot open our own address, or nothing when they can."""
    url = urlsplit(settings.ENVOL_URL)
    host = url.hostname or ""
    try:
        is_local = not ipaddress.ip_address(host).is_global
    except ValueError:
        is_local = "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))
    if is_local:
        return _("this installation's address, %(url)s, is a local one") % {"url": settings.ENVOL_URL}
    if url.scheme != "https":
        return _("this installation's address, %(url)s, is not https") % {"url": settings.ENVOL_URL}
    return ""


def _content_problems(order: MailingOrder) -> Iterator[Problem]:
    if not order.contents:
        yield Problem("content", _("There is nothing to send: choose a template."))
    known = known_names()
    for content in order.contents:
        if not content.subject.strip():
            yield Problem("subject", _("The subject is empty."), _("Write one."))
        yield from _address_problems(content)
        try:
            texts = (content.subject, content.preheader, content.html, content.text)
            names = sorted({name for text in texts for name in undefined_names(text, known=known)})
        except SourceErrors as error:
            yield Problem("liquid", str(error), _("Correct the template."))
            continue
        if names:
            yield Problem(
                "undefined_names",
                _("The message names something that is not defined: %(names)s.") % {"names": ", ".join(names)},
                _("Correct the name, or add the field to contacts."),
            )
        if "unsubscribe_url" not in content.html and "preferences_url" not in content.html:
            yield Problem(
                "unsubscribe_link",
                _("There is no unsubscribe link in the message."),
                _("Add a link to {{ unsubscribe_url }} at the foot of the template."),
            )


def _address_problems(content: ContentOrder) -> Iterator[Problem]:
    for code, address, missing in (
        ("sender", content.sender_address, _("No sender is chosen.")),
        ("reply_to", content.reply_to, ""),
    ):
        if not address:
            if missing:
                yield Problem(code, missing, _("Choose who the message is from."))
            continue
        try:
            address_key(address)
        except BrokenAddress as error:
            yield Problem(code, str(error), _("Correct it."))
