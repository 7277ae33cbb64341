"""The transfer of messages over one SMTP connection, without the connection: octets in, octets out, verdicts.

What may stand in one write depends on the level (engine.md of the design; RFC 2920 and RFC 3030):

    0  one command, then its reply
    1  [RSET] MAIL RCPT DATA together; the body after the 354
    2  the body and the next MAIL RCPT DATA together (RFC 2920 3.1: a body may come first in a group, DATA only last)
    3  RSET MAIL RCPT BDAT-LAST and the body, one message at a time
    4  the same, several whole messages in flight

A message is in doubt from the moment its last octet was given to the kernel until its final reply is complete, and at
no other time. The connection tells the dialogue what was given with `sent()`; the dialogue counts octets.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from delivery.lanes.pipelining.replies import Reply, ReplyReader
from delivery.lanes.pipelining.telling import Said, conversation
from delivery.octets import Octets

# Level 2: one whose reply is due, one whose envelope went with it, one to go with the body of that. With two, body and
# envelope left in two writes of 5 µs each, and the server was woken twice (November 2026).
_AHEAD = 3


class Step(Enum):
    """What a reply answers."""

    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"
    EMPTY = "empty body"  # a dot alone after a 354 that no accepted recipient explains
    CHUNK = "BDAT"


class Fate(IntEnum):
    """What became of one message handed to the dialogue."""

    ACCEPTED = 1
    REFUSED = 2
    DEFERRED = 3
    DOUBT = 4
    NOT_BEGUN = 5  # certainly not accepted, through no fault of its own


@dataclass(slots=True)
class Envelope:
    """One message ready for the wire."""

    key: int
    mail_from: bytes
    rcpt_to: bytes
    octets: Octets
    is_8bit: bool = False
    is_utf8: bool = False  # SMTPUTF8 addresses (RFC 6531)


@dataclass(slots=True)
class Verdict:
    key: int
    fate: Fate
    step: Step
    reply: Reply | None = None
    conversation: str = ""  # of exceptions: what was said (telling.py)


@dataclass(slots=True, eq=False)
class _Flight:
    envelope: Envelope
    mail: Reply | None = None
    rcpt: Reply | None = None
    data: Reply | None = None
    final: Reply | None = None
    body_end: int | None = None  # position in the stream after the last octet of the body; None: not written
    is_decided: bool = False


@dataclass(frozen=True, slots=True)
class Features:
    """What the last EHLO offered."""

    has_pipelining: bool = False
    has_chunking: bool = False
    has_8bitmime: bool = False
    has_smtputf8: bool = False
    has_size: bool = False
    size_limit: int = 0  # octets; 0 = none given
    auth: frozenset[str] = frozenset()
    has_starttls: bool = False


@dataclass(slots=True)
class Dialogue:
    """One connection's transfers. While there is `room`, take; write `outgoing()`; report `sent` and `received`."""

    features: Features
    level: int
    in_flight: int = 8
    closing_reply: Reply | None = None  # a 421 came: nothing after it is accepted
    must_close: bool = False  # out of step: no octet more may be written
    is_held: bool = False  # the sender was refused: nothing more is begun, what waits can be withdrawn
    is_mid_group: bool = False  # the last read held a part of what is due: the server writes its answers one by one
    surprise: str = ""  # why this server should be spoken to more carefully from now on
    _waiting: deque[_Flight] = field(default_factory=deque)  # taken, no octet of them written
    _expected: deque[tuple[_Flight, Step]] = field(default_factory=deque)
    _out: list[bytes] = field(default_factory=list)
    _written: int = 0  # octets put into _out since the connection began
    _given: int = 0  # octets the kernel took
    _reader: ReplyReader = field(default_factory=ReplyReader)
    _needs_reset: bool = False
    _open: int = 0  # messages taken whose verdict is not out
    _done: list[Verdict] = field(default_factory=list)

    # ── the outside's view ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_closing(self) -> bool:
        """Whether the connection must be read to its end and closed."""
        return self.must_close or self.closing_reply is not None

    @property
    def room(self) -> int:
        """How many messages may be taken now: level 2 keeps the next ready, level 4 several in flight."""
        most = self.in_flight if self.level >= 4 else _AHEAD if self.level == 2 else 1
        return 0 if self.is_closing or self.is_held else most - self._open

    @property
    def is_idle(self) -> bool:
        return self._open == 0 and not self._expected

    @property
    def awaits(self) -> Step | None:
        """What the oldest unanswered command was: it says how long its reply may take."""
        return self._expected[0][1] if self._expected else None

    def take(self, envelopes: Sequence[Envelope]) -> None:
        """Accept messages for transfer; their octets are written as the level allows."""
        for envelope in envelopes:
            self._waiting.append(_Flight(envelope))
        self._open += len(envelopes)
        self._advance()

    def withdraw(self) -> list[Verdict]:
        """Take back what was not begun."""
        self._open -= len(self._waiting)
        back = [Verdict(flight.envelope.key, Fate.NOT_BEGUN, Step.MAIL) for flight in self._waiting]
        self._waiting.clear()
        return back

    def outgoing(self) -> bytes:
        """The octets to be given to the kernel now; the caller keeps what the kernel did not take."""
        if not self._out:
            return b""
        octets = b"" if self.is_closing else b"".join(self._out)
        self._out.clear()
        return octets

    def sent(self, count: int) -> None:
        """The kernel took `count` octets more. With TLS: call it with the whole record BEFORE the call that writes."""
        self._given += count

    def received(self, octets: bytes) -> list[Verdict]:
        """Verdicts that these octets bring. Raises replies.Garbled."""
        replies = self._reader.feed(octets)
        self.is_mid_group = len(replies) < len(self._expected) and self.level < 4
        for reply in replies:
            self._answer(reply)
        if self._waiting:
            self._advance()
        done, self._done = self._done, []
        return done

    def closed(self) -> list[Verdict]:
        """The connection ended: what is certain about every message still open."""
        done, self._done = self._done, []
        done += [self._fate_at_end(flight) for flight, _ in self._expected if not flight.is_decided]
        done += [self._fate_at_end(flight) for flight in self._waiting]
        self._expected.clear()
        self._waiting.clear()
        self._open = 0
        return done

    # ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, reply: Reply) -> None:
        if reply.code == 421:
            self.closing_reply = self.closing_reply or reply
        if self.closing_reply or self.must_close:
            return  # nothing that comes after is an answer to be relied on
        if not self._expected:
            self._out_of_step(f"a reply too many: {reply}")
            return
        flight, step = self._expected.popleft()
        if step is Step.MAIL:
            flight.mail = reply
            if self.level == 0:
                self._one_by_one(flight, reply, Step.MAIL, Step.RCPT)
        elif step is Step.RCPT:
            flight.rcpt = reply
            if self.level == 0:
                self._one_by_one(flight, reply, Step.RCPT, Step.DATA)
        elif step is Step.DATA:
            self._data_answered(flight, reply)
        elif step is Step.BODY:
            self._final(flight, reply, step)
        elif step is Step.CHUNK:
            self._chunk_answered(flight, reply)
        elif step is Step.RSET and not reply.is_positive:
            self._out_of_step(f"RSET refused: {reply}")

    def _one_by_one(self, flight: _Flight, reply: Reply, step: Step, following: Step) -> None:
        """Level 0: the next command after a yes, the verdict after a no."""
        if reply.is_positive:
            self._write(self._command(flight, following), flight, following)
        else:
            self._needs_reset = True
            self._decide_by(flight, reply, step)

    def _data_answered(self, flight: _Flight, reply: Reply) -> None:
        flight.data = reply
        failing = self._failing(flight)
        if failing is None and reply.code == 354:
            self._write_body(flight)
        elif failing is None:
            self._needs_reset = True
            self._decide_by(flight, reply, Step.DATA)
        elif reply.code != 354:
            self._needs_reset = True
            self._decide_by(flight, *failing)
        elif flight.rcpt is not None and flight.rcpt.is_positive:
            # MAIL was refused, yet a recipient was taken: it would go out under the sender of the message before.
            self._out_of_step(f"a recipient taken without a sender: {flight.mail}")
            self._decide(flight, Fate.NOT_BEGUN, failing[1], failing[0])
        else:
            # A 354 although nobody will get it: end it with the dot alone, whatever the answer (no empty mail leaves).
            self._write(b".\r\n", flight, Step.EMPTY)
            self._needs_reset = True
            self._decide_by(flight, *failing)

    def _chunk_answered(self, flight: _Flight, reply: Reply) -> None:
        """The reply to BDAT LAST decides alone: 250 is accepted even where MAIL said 503."""
        flight.final = reply
        failing = self._failing(flight)
        if reply.is_positive or failing is None:
            self._final(flight, reply, Step.CHUNK)
        else:
            self._decide_by(flight, *failing)

    def _final(self, flight: _Flight, reply: Reply, step: Step) -> None:
        flight.final = reply
        if reply.is_positive:
            self._decide(flight, Fate.ACCEPTED, step, reply)
        elif reply.is_refusal:
            self._decide_by(flight, reply, step)
        else:
            self._out_of_step(f"no final reply: {reply}")
            self._decide(flight, Fate.DOUBT, step, reply)

    @staticmethod
    def _failing(flight: _Flight) -> tuple[Reply, Step] | None:
        """The first refusal of the envelope."""
        if flight.mail is not None and not flight.mail.is_positive:
            return flight.mail, Step.MAIL
        if flight.rcpt is not None and not flight.rcpt.is_positive:
            return flight.rcpt, Step.RCPT
        return None

    def _decide_by(self, flight: _Flight, reply: Reply, step: Step) -> None:
        """A refusal: for good, for now, or (500 to 503 that nothing explains) a sign that we are out of step."""
        if step is not Step.RCPT and reply.is_protocol_error:
            self._out_of_step(f"unexplained: {reply}")
            self._decide(flight, Fate.NOT_BEGUN, step, reply)
        else:
            self._decide(flight, Fate.DEFERRED if reply.is_temporary else Fate.REFUSED, step, reply)

    def _decide(self, flight: _Flight, fate: Fate, step: Step, reply: Reply | None) -> None:
        flight.is_decided = True
        self._open -= 1
        if self.level >= 3 and fate is not Fate.ACCEPTED:
            self._needs_reset = True
        if step is Step.MAIL and fate is not Fate.NOT_BEGUN and reply is not None and reply.code != 552:
            self.is_held = True  # 552 is about this message's size; anything else about its sender, or about us
        told = "" if fate is Fate.ACCEPTED else self._told(flight)
        self._done.append(Verdict(flight.envelope.key, fate, step, reply, told))

    def _fate_at_end(self, flight: _Flight) -> Verdict:
        flight.is_decided = True
        was_given = flight.body_end is not None and self._given >= flight.body_end
        fate = Fate.DOUBT if was_given and self.closing_reply is None else Fate.NOT_BEGUN
        return Verdict(flight.envelope.key, fate, Step.BODY, self.closing_reply, self._told(flight))

    def _told(self, flight: _Flight) -> str:
        """What was said about one message; nothing where it was not begun."""
        if flight in self._waiting:
            return ""
        said: list[Said] = [(self._command(flight, Step.MAIL), flight.mail)]
        if self.level or flight.mail is not None:
            said.append((self._command(flight, Step.RCPT), flight.rcpt))
        size = flight.envelope.octets.size
        if self.level >= 3:
            return conversation(said, body=b"BDAT %d LAST (the message)" % size, final=flight.final)
        if self.level or flight.rcpt is not None:
            said.append((self._command(flight, Step.DATA), flight.data))
        body = b"(the message, %d octets)" % size if flight.body_end is not None else b""
        return conversation(said, body=body, final=flight.final)

    def _out_of_step(self, why: str) -> None:
        self.must_close = True
        self.surprise = self.surprise or why

    # ── commands ────────────────────────────────────────────────────────────────────────────────────────────────

    def _advance(self) -> None:
        """Write what may be written now."""
        while self._waiting and not self.is_closing and not self.is_held and self._may_begin():
            flight = self._waiting.popleft()
            if self.level >= 3:
                self._write_chunk(flight)
                continue
            if self._needs_reset:
                self._write(b"RSET\r\n", flight, Step.RSET)
                self._needs_reset = False
            self._write(self._command(flight, Step.MAIL), flight, Step.MAIL)
            if self.level >= 1:
                self._write(self._command(flight, Step.RCPT), flight, Step.RCPT)
                self._write(b"DATA\r\n", flight, Step.DATA)

    def _may_begin(self) -> bool:
        if self.level >= 3:
            return self._open - len(self._waiting) < (self.in_flight if self.level >= 4 else 1)
        if self.level == 2:
            return not self._expected or (len(self._expected) == 1 and self._expected[0][1] is Step.BODY)
        return not self._expected

    def _write_body(self, flight: _Flight) -> None:
        self._write_all([*flight.envelope.octets.dotted(), b".\r\n"], flight, Step.BODY)
        flight.body_end = self._written

    def _write_chunk(self, flight: _Flight) -> None:
        # RSET in front of every MAIL whose predecessor is not known to have ended well: after a refused RCPT, servers
        # answer 503 to the next MAIL and accept the mail under the previous sender.
        if self._expected or self._needs_reset:
            self._write(b"RSET\r\n", flight, Step.RSET)
            self._needs_reset = False
        self._write(self._command(flight, Step.MAIL), flight, Step.MAIL)
        self._write(self._command(flight, Step.RCPT), flight, Step.RCPT)
        octets = flight.envelope.octets
        self._write_all([b"BDAT %d LAST\r\n" % octets.size, *octets.plain()], flight, Step.CHUNK)
        flight.body_end = self._written

    def _command(self, flight: _Flight, step: Step) -> bytes:
        envelope = flight.envelope
        if step is Step.RCPT:
            return b"RCPT TO:<%b>\r\n" % envelope.rcpt_to
        if step is Step.DATA:
            return b"DATA\r\n"
        words = b"MAIL FROM:<%b>" % envelope.mail_from
        if self.features.has_size:
            words += b" SIZE=%d" % envelope.octets.size
        if envelope.is_8bit and self.features.has_8bitmime:
            words += b" BODY=8BITMIME"
        if envelope.is_utf8 and self.features.has_smtputf8:
            words += b" SMTPUTF8"
        return words + b"\r\n"

    def _write(self, octets: bytes, flight: _Flight, step: Step) -> None:
        self._out.append(octets)
        self._written += len(octets)
        self._expected.append((flight, step))

    def _write_all(self, pieces: list[bytes], flight: _Flight, step: Step) -> None:
        self._out += pieces
        self._written += sum(map(len, pieces))
        self._expected.append((flight, step))
