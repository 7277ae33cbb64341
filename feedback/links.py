"""Where a link of a mailing leads. Tokens name a link by number, never by address: this is no open redirect."""

import re
from urllib.parse import urlsplit

from delivery.models import Link, Message
from delivery.skeleton import variables_of
from templates_app.liquid import CannotRender, render

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029]")
_MOST = 50_000  # links a process remembers

# (mailing, number) → address. Links are frozen when a mailing starts, so each process keeps what it has seen, and a
# click finds its way while the database is away. A missing one is not kept.
_seen: dict[tuple[int, int], str] = {}


class NowhereToGo(Exception):
    """The link is gone, or what its Liquid gives for this person is no web address."""


def destination(*, mailing: int, message: int, number: int) -> str:
    """The address a click leads to, http or https. Raises NowhereToGo.

    A link with Liquid in it is rendered with the variables of the message; for a link that names nobody, with none.
    """
    url = _stored(mailing, number)
    if _is_personal(url):
        url = _rendered(url, mailing=mailing, message=message)
    return _web_address(url)


def remembered(*, mailing: int, number: int) -> str | None:
    """`destination` without asking the database; None where that cannot be. Raises NowhereToGo."""
    url = _seen.get((mailing, number))
    return None if url is None or _is_personal(url) else _web_address(url)


def remember_latest(limit: int = 20_000) -> int:
    """Read the links of the latest mailings ahead; returns how many."""
    rows = Link.objects.order_by("-pk").values_list("mailing_id", "number", "url")[:limit]
    for mailing, number, url in rows:
        _seen[mailing, number] = url.strip()
    return len(rows)


def forget() -> None:
    """Forget all links, as a new process has."""
    _seen.clear()


def _stored(mailing: int, number: int) -> str:
    known = _seen.get((mailing, number))
    if known is not None:
        return known
    url = Link.objects.filter(mailing=mailing, number=number).values_list("url", flat=True).first()
    if url is None:
        raise NowhereToGo(number)
    if len(_seen) >= _MOST:
        _seen.clear()
    _seen[mailing, number] = url.strip()
    return url.strip()


def _is_personal(url: str) -> bool:
    return "{{" in url or "{%" in url


def _web_address(url: str) -> str:
    if _CONTROL.search(url):  # urlsplit would drop them in silence
        raise NowhereToGo(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NowhereToGo(url) from error
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in parts.netloc:
        raise NowhereToGo(url)
    return url.replace(" ", "%20")  # as a browser does with a first name of two words


def _rendered(url: str, *, mailing: int, message: int) -> str:
    row = Message.objects.select_related("mailing").filter(pk=message, mailing=mailing).first()
    try:
        return render(url, variables_of(row, row.mailing) if row else {}).strip()
    except CannotRender as error:
        raise NowhereToGo(url) from error
