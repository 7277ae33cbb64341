"""Which stream a mail belongs to, through whom it leaves, and whether an order may leave by it."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from delivery.models import Provider, Stream

_SCOPES = {Stream.Kind.TRANSACTIONAL: Stream.Scope.EVERYTHING}
DEFAULTS = (Stream.Kind.MARKETING, Stream.Kind.TRANSACTIONAL, Stream.Kind.AUTOMATION)


def default_stream(kind: Stream.Kind) -> Stream:
    """What takes mail of this kind unless a stream is chosen; made where missing."""
    found = Stream.objects.filter(kind=kind, is_default=True).first()
    if found is not None:
        return found
    stream, _is_new = Stream.objects.get_or_create(
        name=kind.value,
        defaults={"kind": kind, "is_default": True, "scope": _SCOPES.get(kind, Stream.Scope.MARKETING)},
    )
    return stream


def ensure_streams() -> None:
    """The streams every installation has."""
    for kind in DEFAULTS:
        default_stream(kind)


def providers_of(stream: Stream) -> list[Provider]:
    """The accounts a stream may use, the first choice first; the one used by default where it names none."""
    named = [row.provider for row in stream.order.select_related("provider")]
    return named or list(Provider.objects.filter(is_default=True))


def provider_for(stream: Stream) -> Provider | None:
    """Through whom mail of this stream is planned to leave: the first of its order.

    One that is out of order right now counts: its mail makes a detour until it is well (delivery/failover).
    """
    return next(iter(providers_of(stream)), None)


def for_campaigns() -> QuerySet[Stream]:
    """The streams a list may be written to by, but the one that is taken when none is chosen."""
    usual = {"kind": Stream.Kind.MARKETING, "is_default": True}
    return Stream.objects.filter(scope=Stream.Scope.MARKETING).exclude(**usual).order_by("name")


def domain_problem(stream: Stream, sender_address: str) -> tuple[str, str] | None:
    """Why this sender cannot write by this stream, and what to do; None when it can."""
    if stream.domain is None:
        return None
    domain = sender_address.rpartition("@")[2].lower()
    if not domain or domain == stream.domain.name or domain.endswith(f".{stream.domain.name}"):
        return None
    values = {"stream": stream, "domain": stream.domain.name, "sender": sender_address}
    return (
        _("The stream “%(stream)s” writes from %(domain)s; %(sender)s is not of it.") % values,
        _("Choose a sender of %(domain)s, or another stream.") % values,
    )
