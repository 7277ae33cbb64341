"""The SMTP lane: one connection of an account, messages through a Dialogue at the level the server has earned."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from delivery.capabilities import SMTP, lease_of
from delivery.classify import refusal_reason
from delivery.copies import OneCopy
from delivery.dialects import Meaning, meaning_of, read
from delivery.lanes.contract import Await, CannotPrepare, Halt, LaneClosed, Result, halt_of_meaning
from delivery.lanes.levels import (
    CHUNKS,
    PROBATION,
    SEVERAL,
    STEPWISE,
    TOGETHER,
    ceiling_of,
    has_proven,
    remember_fault,
    remember_proofs,
)
from delivery.lanes.pipelining.dialogue import Dialogue, Envelope, Fate, Step
from delivery.lanes.pipelining.dialogue import Verdict as Answer
from delivery.lanes.pipelining.session import NoSession, Server, Session, Tls, Trouble
from delivery.lanes.pipelining.wire import Wire
from delivery.models import Provider
from delivery.reasons import Reason
from delivery.skeleton import CannotFill, ContentRefused, Filled, skeleton_for
from delivery.verdicts import Phase, Verdict

IN_FLIGHT = 8  # whole messages at level 4: what a cut can leave in doubt
PER_CONNECTION = 100  # messages; Orange asks for it, and Yahoo closes silently after some number
# Seconds a reply may take (RFC 5321 4.5.3.2), counted for the oldest unanswered command and restarted by each reply.
REPLY = 300.0
REPLIES = {Step.DATA: 120.0, Step.BODY: 600.0, Step.CHUNK: 600.0}
BLOCK = 180.0
GOODBYE = 5.0  # for a server that said 421 to close

_PHASES = {Step.BODY: Phase.FINAL, Step.CHUNK: Phase.FINAL, Step.EMPTY: Phase.ENVELOPE}
_FATES = {
    Fate.ACCEPTED: Verdict.ACCEPTED,
    Fate.REFUSED: Verdict.REFUSED,
    Fate.DEFERRED: Verdict.DEFERRED,
    Fate.DOUBT: Verdict.UNKNOWN,
    Fate.NOT_BEGUN: Verdict.NOT_BEGUN,
}


def server_of(provider: Provider, *, patience: timedelta) -> Server:
    """The account's server. The catcher's port is looked up at each send: it follows the installation's settings."""
    options, secrets = provider.options, provider.credentials
    return Server(
        host="127.0.0.1" if provider.is_catcher else str(options["host"]),
        port=settings.CATCHER_PORT if provider.is_catcher else int(options["port"]),
        tls=Tls(options.get("tls", "none")),
        username=options.get("username", ""),
        password=secrets.get("password", ""),
        is_verified=options.get("is_verified", True),
        local_name=_local_name(),
        connect_timeout=min(30.0, patience.total_seconds()),
        reply_timeout=min(REPLY, patience.total_seconds()),
    )


def _local_name() -> str:
    host = urlsplit(settings.ENVOL_URL).hostname or "localhost"
    return "[127.0.0.1]" if host in ("localhost", "127.0.0.1", "::1") else host


class SmtpLane:
    """See lanes.contract.Lane. What stands in one write is earned: lanes/levels.py."""

    def __init__(self, provider: Provider) -> None:
        self.lease = lease_of(provider.kind)
        patience = self.lease * 2 / 3  # a lease is longer than any wait for an answer
        self._patience = patience.total_seconds()
        self._server = server_of(provider, patience=patience)
        self._provider = provider
        self._ceiling = ceiling_of(provider)
        self._in_flight = int(provider.options.get("in_flight", IN_FLIGHT))
        self._proofs = PROBATION if has_proven(provider) else 0
        self._is_surprised = False
        self._most = int(provider.options.get("per_connection", PER_CONNECTION))
        self._wire: Wire | None = None
        self._sent = 0

    @property
    def room(self) -> int:
        left = self._most - self._sent if self._is_alive else 0
        return left or self._most

    @property
    def _is_alive(self) -> bool:
        return self._wire is not None and self._wire.is_open and not self._wire.dialogue.is_closing

    def prepare(self, message: OneCopy) -> Filled:
        if message.content_id is None:
            raise CannotPrepare(Reason.CANNOT_RENDER, "no content was chosen for this message")
        try:
            return skeleton_for(message.content_id).fill(message)
        except CannotFill as error:
            raise CannotPrepare(Reason.CANNOT_RENDER, str(error)) from error
        except ContentRefused as error:
            raise LaneClosed(Halt.CONTENT, str(error)) from error

    def ready(self) -> None:
        """A connection with room. A test of life is left to the first command: a dead one costs no doubt."""
        if self._is_alive and self._sent < self._most:
            return
        self.close()
        session = self._open()
        level = min(self._ceiling, SEVERAL if session.features.has_pipelining else STEPWISE)
        if level >= CHUNKS:
            if session.has_proven_chunking():
                level = min(level, SEVERAL if self._proofs >= PROBATION else CHUNKS)
            else:
                if session.features.has_chunking:  # out of step now: it did not eat the chunk
                    session.close()
                    session = self._open()
                    self._ceiling = TOGETHER
                level = TOGETHER
        dialogue = Dialogue(features=session.features, level=level, in_flight=self._in_flight)
        self._wire, self._sent = Wire(session, dialogue), 0

    def _open(self) -> Session:
        try:
            return Session(self._server)
        except NoSession as error:
            raise LaneClosed(halt_of(error), error.words) from error

    def send(self, window: Sequence[Filled], *, may_begin: Callable[[], bool]) -> Iterator[Result | Await]:
        wire = self._wire
        assert wire is not None, "ready() comes first"
        waiting = Await(wire)
        following, is_halted = 0, False
        while True:
            if following < len(window) and not is_halted and (room := wire.room):
                envelopes: list[Envelope] = []
                while len(envelopes) < room and following < len(window) and may_begin():
                    unfit = self._unfit(wire, window[following])
                    if unfit is not None:
                        yield Result(following, *unfit)
                    else:
                        envelopes.append(_envelope(following, window[following]))
                    following += 1
                self._sent += len(envelopes)
                wire.give(envelopes)
            if wire.dialogue.is_idle:
                return
            if not _has_more(wire):
                waiting.wants_write = wire.wants_write
                waiting.patience = min(_wait(wire), self._patience)
                waiting.takes_more = following == len(window) and self._sent < self._most and not is_halted
                yield waiting
            for answer in self._answers(wire, waiting):
                result = result_of(answer)
                is_halted = is_halted or result.halt is not None
                yield result
            if is_halted:
                yield from map(result_of, wire.dialogue.withdraw())
            if not wire.is_open:
                return

    def _answers(self, wire: Wire, waiting: Await) -> list[Answer]:
        if waiting.is_late:
            return wire.end()
        answers = wire.write() if waiting.wants_write else []
        answers += wire.read()
        self._learn(wire.dialogue, answers)
        return answers

    def _learn(self, dialogue: Dialogue, answers: Sequence[Answer]) -> None:
        """A surprise lowers the account's level for a day; a hundred clean chunks earn several in flight."""
        if dialogue.surprise and not self._is_surprised:
            self._is_surprised = True
            remember_fault(self._provider.pk, level=dialogue.level, why=dialogue.surprise)
        elif dialogue.level == CHUNKS and self._ceiling >= SEVERAL:
            self._proofs += sum(answer.fate is Fate.ACCEPTED for answer in answers)
            if self._proofs >= PROBATION:
                dialogue.level = SEVERAL
                remember_proofs(self._provider)

    def _unfit(self, wire: Wire, filled: Filled) -> tuple[Verdict, Reason, Phase, int | None, str] | None:
        """What this server would refuse for certain is not offered to it."""
        features = wire.dialogue.features
        if filled.needs_smtputf8 and not features.has_smtputf8:
            return (Verdict.SKIPPED, Reason.SMTPUTF8_NEEDED, Phase.NONE, None, "SMTPUTF8 is not offered")
        if features.size_limit and filled.octets.size > features.size_limit:
            words = f"{filled.octets.size} octets, the server takes {features.size_limit}"
            return (Verdict.REFUSED, Reason.REFUSED_SIZE, Phase.NONE, None, words)
        return None

    def close(self) -> None:
        if self._wire is not None and self._wire.is_open:
            self._wire.quit()
        self._wire = None


def _wait(wire: Wire) -> float:
    if wire.dialogue.is_closing:
        return GOODBYE
    return BLOCK if wire.wants_write else REPLIES.get(wire.dialogue.awaits or Step.MAIL, REPLY)


def _has_more(wire: Wire) -> bool:
    """Octets the TLS layer has decrypted already are invisible to a selector."""
    sock = wire.session.sock
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def _envelope(index: int, filled: Filled) -> Envelope:
    return Envelope(
        key=index,
        mail_from=filled.mail_from.encode(),
        rcpt_to=filled.rcpt_to.encode(),
        octets=filled.octets,
        is_8bit=not filled.octets.isascii(),
        is_utf8=filled.needs_smtputf8,
    )


def halt_of(error: NoSession) -> Halt:
    """A login, a certificate or a server that says no for good needs a person; the rest passes by itself."""
    if error.trouble in (Trouble.LOGIN, Trouble.GREETING):
        code = int(error.words[:3]) if error.words[:3].isdigit() else None
        if meaning_of(SMTP, code, error.words) is Meaning.QUOTA:
            return Halt.QUOTA
        return Halt.REST if error.words[:1] == "4" else Halt.PAUSE
    return Halt.PAUSE if error.trouble in (Trouble.TLS, Trouble.PROTOCOL) else Halt.REST


def result_of(answer: Answer) -> Result:
    """One answer of the dialogue in the ledger's words."""
    if answer.fate is Fate.ACCEPTED:
        return Result(answer.key, Verdict.ACCEPTED, phase=Phase.FINAL)
    code, text = (answer.reply.code, str(answer.reply)) if answer.reply else (None, "")
    phase = _PHASES.get(answer.step, Phase.ENVELOPE)
    result = Result(
        answer.key, _FATES[answer.fate], phase=phase, code=code, reply=text, conversation=answer.conversation
    )
    if answer.fate is Fate.DOUBT:
        return replace(result, reason=Reason.REPLY_LOST, reply=text or "the connection was cut before the answer")
    if answer.fate is Fate.NOT_BEGUN:
        # Nothing said about it: it waited behind others, and none of it was written.
        phase = Phase.ENVELOPE if answer.conversation else Phase.NONE
        return replace(result, phase=phase, reply=text or "the connection was cut")
    return _said_no(result, answer, text)


def _said_no(result: Result, answer: Answer, text: str) -> Result:
    """Deferred or refused: about us (delivery/dialects/smtp.py), about the sender, or about the person."""
    said = read(SMTP, result.code, text, {}, now=timezone.now())
    halt = halt_of_meaning(said.meaning) if said else None
    is_final = answer.fate is Fate.REFUSED
    if not is_final and halt not in (Halt.QUOTA, Halt.WAIT):
        halt = Halt.REST if answer.step is Step.MAIL else None
    elif halt is None and answer.step is Step.MAIL and result.code != 552:
        halt = Halt.PAUSE  # a no to the sender is about the connection or us, not about the person
    if halt is not None:
        return replace(result, verdict=Verdict.NOT_BEGUN, halt=halt, retry_after=said.wait if said else None)
    return replace(result, reason=refusal_reason(result.code, text)) if is_final else result
