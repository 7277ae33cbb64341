"""The door of pixels and links: raw ASGI, many hits to a commit (common/doors.py says what a door is).

A good token by GET is stored with the hits of the same milliseconds, and only then answered. Everything else is left
to the views. While the database is away a click still goes on to the stored link, a pixel is still an image, but says
503; the hits are kept in memory and stored when it is back, which nobody is promised.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from django.conf import settings
from django.utils import timezone, translation
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from common import tokens
from common.doors import Headers, Receive, Scope, Send, answer, header, headers_of
from common.gathering import LOST, Gatherer, NotStored, Terms
from contacts.tracking import Mode
from feedback.hits import GIF, Hit, store_hits
from feedback.links import NowhereToGo, destination, remember_latest, remembered
from feedback.models import Event

log = structlog.get_logger(__name__)

_KEPT = 20_000  # hits that wait in memory for the database to come back; the oldest go first
_TRY_AGAIN = 2.0  # seconds


class HitDoor:
    """/o/<token>.gif and /c/<token>."""

    prefixes = ("/o/", "/c/")

    def __init__(self) -> None:
        self._hits = Gatherer[Hit, Mode](store_hits)  # a statement, and by itself a transaction
        self._targets = Gatherer[tokens.Token, str](_destinations, Terms(most=20))
        self._kept: deque[Hit] = deque(maxlen=_KEPT)
        self._image: Headers = []
        self._redirect: Headers = []
        self._tending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._redirect = await asyncio.to_thread(headers_of, "/o/-.gif")
        self._image = [*self._redirect, (b"content-type", b"image/gif")]
        self._tending = asyncio.create_task(self._tend())
        with contextlib.suppress(*LOST):
            await asyncio.to_thread(remember_latest)

    async def close(self) -> None:
        """What was taken is stored; what was kept is tried a last time."""
        if self._tending:
            self._tending.cancel()
        await self._store_kept()
        await asyncio.gather(self._hits.close(), self._targets.close())
        if self._kept:
            log.error("hits_lost", count=len(self._kept))

    async def take(self, scope: Scope, receive: Receive, send: Send) -> bool:
        path: str = scope["path"]
        is_click, is_image = path.startswith("/c/"), path.endswith(".gif")
        if scope["method"] != "GET" or is_click == is_image:
            return False
        try:
            if is_click:
                return await self._click(tokens.decode(path[3:], purpose=tokens.Purpose.CLICK), scope, send)
            opened = tokens.decode(path[3:-4], purpose=tokens.Purpose.OPEN)
        except (tokens.BadToken, NowhereToGo):
            return False
        await self._pixel(_hit(Event.Kind.OPENED, opened, scope), send)
        return True

    async def _pixel(self, hit: Hit, send: Send) -> None:
        status, headers = HTTPStatus.OK, self._image
        if not await self._is_stored(hit):
            status, headers = HTTPStatus.SERVICE_UNAVAILABLE, [*self._image, (b"retry-after", b"10")]
        await answer(send, status, headers, GIF)

    async def _click(self, opened: tokens.Token, scope: Scope, send: Send) -> bool:
        hit = _hit(Event.Kind.CLICKED, opened, scope)
        target = remembered(mailing=opened.mailing, number=opened.link)
        if target is None:
            try:
                target = await self._targets.put(opened)
            except NotStored:
                self._kept.append(hit)
                await answer(send, HTTPStatus.SERVICE_UNAVAILABLE, [*self._redirect, *_PLAIN], _patience())
                return True
        await self._is_stored(hit)
        location = (b"location", iri_to_uri(target).encode("ascii"))
        kind = (b"content-type", b"text/html; charset=utf-8")
        await answer(send, HTTPStatus.FOUND, [*self._redirect, kind, location], b"")
        return True

    async def _is_stored(self, hit: Hit) -> bool:
        """Whether the hit is committed; where the database is away, it is kept. No defect of ours stops a reader."""
        try:
            await self._hits.put(hit)
        except NotStored:
            self._kept.append(hit)
            return False
        except Exception:
            log.exception("hit_refused", mailing=hit.mailing, message=hit.message)
            return False
        return True

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(_TRY_AGAIN)
            await self._store_kept()

    async def _store_kept(self) -> None:
        """Twice does no harm: a hit carries its key."""
        while self._kept:
            group = [self._kept.popleft() for _ in range(min(len(self._kept), 500))]
            told = await asyncio.gather(*map(self._hits.put, group), return_exceptions=True)
            away = [hit for hit, mode in zip(group, told, strict=True) if isinstance(mode, NotStored)]
            self._kept.extendleft(reversed(away))
            if away:
                return
            log.info("kept_hits_stored", count=len(group))


_PLAIN: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"10")]


def _destinations(opened: Sequence[tokens.Token]) -> list[str]:
    return [destination(mailing=one.mailing, message=one.message, number=one.link) for one in opened]


def _hit(kind: Event.Kind, opened: tokens.Token, scope: Scope) -> Hit:
    return Hit(
        kind=kind,
        mailing=opened.mailing,
        message=opened.message,
        link=opened.link,
        at=timezone.now(),
        agent=header(scope, b"user-agent"),
    )


def _patience() -> bytes:
    """A door reads no languages: the words in each of ours."""
    said = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said.append(_("This link cannot be opened right now. Please try again in a minute."))
    return "\n".join(said).encode()
