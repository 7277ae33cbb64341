"""Where a link of a mailing leads. Tokens name a link by number, never by address: this is no open redirect."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from delivery.models import Link, Message
from delivery.skeleton import variables_of
from templates_app.liquid import CannotRender, render

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029]")


class NowhereToGo(Exception):
    """The link is gone, or what its Liquid gives for this person is no web address."""


def destination(*, mailing: int, message: int, number: int) -> str:
    """The address a click leads to, http or https. Raises NowhereToGo.

    A link with Liquid in it is rendered with the variables of the message; for a link that names nobody, with none.
    """
    url = _stored(mailing, number)
    if "{{" in url or "{%" in url:
        url = _rendered(url, mailing=mailing, message=message)
    if _CONTROL.search(url):  # urlsplit would drop them in silence
        raise NowhereToGo(number)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NowhereToGo(number) from error
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in parts.netloc:
        raise NowhereToGo(number)
    return url.replace(" ", "%20")  # as a browser does with a first name of two words


@lru_cache(maxsize=10_000)
def _stored(mailing: int, number: int) -> str:
    """Links are frozen when a mailing starts, so each process keeps what it has seen. A missing one is not kept."""
    url = Link.objects.filter(mailing=mailing, number=number).values_list("url", flat=True).first()
    if url is None:
        raise NowhereToGo(number)
    return url.strip()


def _rendered(url: str, *, mailing: int, message: int) -> str:
    row = Message.objects.select_related("mailing").filter(pk=message, mailing=mailing).first()
    try:
        return render(url, variables_of(row, row.mailing) if row else {}).strip()
    except CannotRender as error:
        raise NowhereToGo(url) from error
