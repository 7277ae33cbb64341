"""The skeleton of a content: made once in each process, filled for each person in some tens of microseconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from time import time

from common.tokens import Purpose, Signed, Signer, message_bytes
from contacts.tracking import Mode, Tracking
from delivery.copies import OneCopy
from delivery.models import Content
from delivery.octets import Octets, Shared
from delivery.skeleton.body import Chunk, Line, chunks_of
from delivery.skeleton.doors import UNSUBSCRIBE, Door, Doors, kind
from delivery.skeleton.errors import ContentRefused
from delivery.skeleton.frame import Frame, frame_of
from delivery.skeleton.headers import date_field, mailbox, safe, subject_field
from delivery.skeleton.links import find_links
from delivery.skeleton.pieces import cut
from delivery.skeleton.state import State
from delivery.skeleton.texts import organisation_of, texts_of, values_of
from templates_app.liquid import names_in
from templates_app.problems import SourceErrors

SUBJECT_NAME = "Subject"
_ID = "envol.message"  # the token in Message-ID; no text can name it
_NOTHING = slice(0, 0)


@dataclass(slots=True)
class Filled:
    """One message for the wire."""

    mail_from: str
    rcpt_to: str
    octets: Octets
    needs_smtputf8: bool

    @property
    def source(self) -> bytes:
        """The whole message, dots not doubled."""
        return bytes(self.octets)


@dataclass(frozen=True, slots=True)
class Parts:
    """One message for a provider's API."""

    subject: str
    html: str
    text: str
    headers: dict[str, str]
    sender: str  # a whole From value: Name <address>
    to: str
    reply_to: str  # empty: none
    opaque_id: str  # "<mailing>.<message>", for metadata


class Skeleton:
    """One content, ready to be filled. Nothing in it changes; it may be shared by threads."""

    def __init__(self, content: Content) -> None:
        """Raises ContentRefused."""
        self.content = content
        self.frame: Frame = frame_of(content)
        self.names = names_of(content)
        numbers = tuple(content.links.order_by("number").values_list("number", flat=True))
        if len(numbers) != len(find_links(content.html)):
            raise ContentRefused(["The links of this content are not recorded."])
        self._numbers = numbers
        self._looks: dict[int, _Look] = {}
        self._look(0)  # what Liquid cannot read is refused here, not at the first person

    def fill(self, message: OneCopy, *, at: datetime | None = None) -> Filled:
        """The whole message, dated `at` (now). Raises CannotFill, for this person only."""
        return self._look(message.tracking).fill(message, int(at.timestamp() if at else time()))

    def fill_parts(self, message: OneCopy) -> Parts:
        """The same message in parts, for providers' APIs. Raises CannotFill."""
        return self._look(message.tracking).fill_parts(message)

    def view(self, message: OneCopy) -> str:
        """The HTML with the same links and no pixel. Raises CannotFill."""
        without_pixel = Tracking(opens=Mode.NONE, clicks=Tracking.from_number(message.tracking).clicks)
        return self._look(int(without_pixel)).html(message)

    def _look(self, tracking: int) -> "_Look":
        look = self._looks.get(tracking)
        if look is None:
            doors = Doors(self.content.mailing, kind(tracking), self._numbers)
            look = self._looks[tracking] = _Look(self.content, self.frame, doors)
        return look


class _Look:
    """The skeleton for one kind of tracking."""

    def __init__(self, content: Content, frame: Frame, doors: Doors) -> None:
        self.mailing, self.frame = content.mailing, frame
        self.doors: Mapping[str, Door] = doors.all()
        texts = texts_of(content, doors)
        constants = {"organisation": organisation_of(content.mailing)}
        names = frozenset(self.doors)
        try:
            part = partial(cut, doors=names, constants=constants, language=content.language)
            self.subject_cut = part(texts.subject, is_html=False)
            self.text_cut = part(texts.text, is_html=False)
            self.html_cut = part(texts.html, is_html=True)
        except SourceErrors as error:
            raise ContentRefused([str(error)]) from error
        used = {UNSUBSCRIBE}.union(*(one.doors for one in (self.subject_cut, self.text_cut, self.html_cut)))
        opened = {name: self.doors[name].opens for name in sorted(used)} | {_ID: (Purpose.MESSAGE, 0)}
        self.signer = Signer(opened, mailing=frame.mailing)
        self.organisation = constants["organisation"]
        is_constant = all(isinstance(piece, str) for piece in self.subject_cut.pieces)
        self.constant_subject = self._subject(State({}, Signed(b"", "", {}), {})) if is_constant else ""
        self._plans: dict[int, _Plan] = {}

    def fill(self, message: OneCopy, second: int) -> Filled:
        rcpt_to, needs_smtputf8 = mailbox(message.address)
        middle = message_bytes(message.pk)
        state = self._state(message, middle)
        plan = self._plans.get(len(middle)) or self._plan(len(middle), state)
        octets = state.tokens.octets
        own = [octets[span] for span in plan.spans]
        for number, line in plan.lines:
            own[number] = line.quoted(state).encode()
        own[0] = self._header(message, rcpt_to, second, state).encode()
        frame = self.frame
        mail_from = frame.return_path(state.tokens[_ID]) if frame.bounces else frame.sender
        return Filled(mail_from, rcpt_to, Octets(plan.shared, own), needs_smtputf8 or frame.needs_smtputf8)

    def _header(self, message: OneCopy, rcpt_to: str, second: int, state: State) -> str:
        """The header fields only this copy has, and From, which begins them."""
        frame = self.frame
        lists = "".join([f"{name}: {value}\r\n" for name, value in self._list_headers(state)])
        return (
            f"{frame.from_field}\r\nTo: {rcpt_to}\r\n{self.constant_subject or self._subject(state)}\r\n"
            f"{date_field(second)}\r\nMessage-ID: {frame.message_id(state.tokens[_ID], message)}\r\n"
            f"{frame.reply_to_field}{lists}X-Envol-ID: {frame.opaque_id(message.pk)}\r\n"
        )

    def fill_parts(self, message: OneCopy) -> Parts:
        frame, state = self.frame, self._state(message, message_bytes(message.pk))
        to, _needs_smtputf8 = mailbox(message.address)
        headers = {**dict(self._list_headers(state)), **frame.constant_headers()}
        return Parts(
            subject=safe(state.whole(self.subject_cut), SUBJECT_NAME),
            html=state.whole(self.html_cut),
            text=state.whole(self.text_cut),
            headers=headers,
            sender=frame.from_field.removeprefix("From: ").replace("\r\n", ""),
            to=to,
            reply_to=frame.reply_to,
            opaque_id=frame.opaque_id(message.pk),
        )

    def html(self, message: OneCopy) -> str:
        return self._state(message, message_bytes(message.pk)).whole(self.html_cut)

    def _plan(self, size: int, state: State) -> "_Plan":
        """The plan for ids of this many bytes: all tokens of one door are then equally long."""
        spans = state.tokens.spans
        lengths = {name: span.stop - span.start for name, span in spans.items()}
        text = chunks_of(self.text_cut, self.doors, lengths)
        html = chunks_of(self.html_cut, self.doors, lengths)
        plan = self._plans[size] = _Plan.of(self.frame.around(text, html), spans)
        return plan

    def _state(self, message: OneCopy, middle: bytes) -> State:
        return State(values_of(message, self.organisation), self.signer.sign(middle), self.doors)

    def _list_headers(self, state: State) -> Iterable[tuple[str, str]]:
        return self.frame.list_headers(state.values, state.url(UNSUBSCRIBE)).items()

    def _subject(self, state: State) -> str:
        return subject_field(safe(state.whole(self.subject_cut), SUBJECT_NAME))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The shared pieces of a message, and what goes between them: the header first, then tokens and lines."""

    shared: Shared
    spans: list[slice]  # of the tokens, for every place; of those that hold no token, nothing
    lines: list[tuple[int, Line]]

    @classmethod
    def of(cls, chunks: list[Chunk], spans: Mapping[str, slice]) -> "_Plan":
        """`chunks` of what follows the header; `spans` of the tokens where they are signed."""
        pieces, places, lines = [b"", b""], [_NOTHING], list[tuple[int, Line]]()
        for chunk in chunks:
            if isinstance(chunk, str):
                pieces[-1] += chunk.encode()
                continue
            if isinstance(chunk, Line):
                lines.append((len(places), chunk))
                places.append(_NOTHING)
            else:
                span = spans[chunk.name]
                places.append(slice(span.start + chunk.start, span.start + chunk.stop if chunk.stop else span.stop))
            pieces.append(b"")
        return cls(Shared(pieces, lines=[number for number, _line in lines]), places, lines)


def compile_content(content: Content) -> Skeleton:
    """Make the skeleton; its links must be recorded. Raises ContentRefused with sentences for people."""
    return Skeleton(content)


@lru_cache(maxsize=64)
def skeleton_for(content_id: int) -> Skeleton:
    """The skeleton of a frozen content, made once in each process. Raises ContentRefused, Content.DoesNotExist."""
    return Skeleton(Content.objects.select_related("mailing").get(pk=content_id))


def names_of(content: Content) -> frozenset[str]:
    """What a snapshot must put into Message.vars: "contact.<name>", "list.name", "list.id". Raises ContentRefused.

    `contact.email` is not among them: it is the message's own address. "list.id" always is, for List-ID.
    """
    try:
        names = names_in(content.subject, content.preheader, content.html, content.text)
    except SourceErrors as error:
        raise ContentRefused([str(error)]) from error
    wanted = {name for name in names if name.startswith(("contact.", "list."))}
    return frozenset(wanted - {"contact.email"} | {"list.id"})
