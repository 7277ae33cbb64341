"""One claimed batch through one lane: read, render, mark, hand over, write back, window after window.

Rendered, connected and logged in before the mark: a window never waits for anything but the server.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from contacts.addresses import BrokenAddress, address_key
from contacts.audience import Audience
from contacts.tombstones import tombstones_of
from delivery import ledger
from delivery.failpoints import passing
from delivery.lanes.contract import Await, CannotPrepare, Halt, Lane, LaneClosed, Result
from delivery.ledger import Claim, Waiting
from delivery.ledger.clock import since_boot
from delivery.orders import Orders
from delivery.reasons import Reason
from delivery.stopping import is_stopping
from delivery.verdicts import Fact, Phase, Verdict
from delivery.window import Window

log = structlog.get_logger(__name__)

LOST = (OperationalError, InterfaceError)  # the database went away under us

FIRST_WINDOW = 20
WINDOW_SECONDS = 5.0  # a window is what leaves within about this time
FRUITLESS = 3  # windows in a row that settle nothing: the provider rests
PATIENCE = timedelta(seconds=20)  # a wait for leave to send that is not worth giving the batch back for
MOMENT = timedelta(seconds=5)  # for an account whose rate is used up and that does not say for how long
SAMPLES = 20  # answers kept of a batch for the governor
READ_AHEAD = 500  # messages read in one go: five windows, half a megabyte
CLOSING = 421  # RFC 5321 3.8: the server closes, whoever it was said to
ALLOWED_FOR = 0.01
QUICK = 500.0  # messages a second on one connection: no pause worth the tenth more of marks that sliding brings
RENEWAL = 60.0  # seconds between two renewals of a lease while replies come


@dataclass(slots=True)
class Run:
    """What one batch's sending came to."""

    accepted: int = 0
    refused: int = 0
    deferred: int = 0
    lost: int = 0  # of the deferred: by a connection that ended, not by a word about them
    unknown: int = 0
    halt: Halt | None = None
    words: str = ""
    asked: timedelta | None = None  # the wait asked for by the answer that ended it
    backoff: timedelta = timedelta(0)  # what those asked for who said "later"
    wait: timedelta = timedelta(0)  # what limits asked for
    later: list[str] = field(default_factory=list)  # what servers said that asked for patience, a few of them
    is_granted_nothing: bool = False  # limits let nothing through for a while

    @property
    def answered(self) -> int:
        return self.accepted + self.refused + self.deferred


@dataclass(slots=True)
class Made:
    """Messages rendered for a window, and facts about those that cannot be."""

    waiting: Sequence[Waiting]
    prepared: list[tuple[Waiting, Any]] = field(default_factory=list)
    unfit: list[Fact] = field(default_factory=list)


class BatchSender:
    """Works one claim to its end. `stop`: asked before each window (SIGTERM, or the caller's own reasons).

    `window`: how many messages the first one holds, at most; `pace`: messages a second, 0 where it is not known. Both
    learned on the same connection before.
    """

    def __init__(
        self,
        claim: Claim,
        lane: Lane,
        *,
        orders: Orders,
        stop: Callable[[], bool] = is_stopping,
        window: int = FIRST_WINDOW,
        pace: float = 0.0,
    ) -> None:
        self.claim, self.lane, self.run = claim, lane, Run()
        self._stop = stop
        mailing = orders.mailing(claim.mailing_id)
        self._limiter = orders.limiter(claim)
        self._lists = Audience.from_json(mailing.audience).lists
        self._is_marketing = not mailing.is_transactional
        self._has_tombstones = orders.has_tombstones()
        self._deadline = claim.deadline
        self._allowed_at = -ALLOWED_FOR
        self._done_to = claim.first_id - 1
        self._facts: list[Fact] = []
        self._ahead: list[Waiting] = []  # read, and in no window yet
        self._ahead_of = self._done_to  # the message they come after
        self.window = min(window, settings.WINDOW_SIZE)  # messages; learned, and good for the next batch
        self.pace = pace  # messages a second, learned; 0: not known yet
        self._cut: set[int] = set()  # messages a lost connection threw back once in this claim
        self._at_risk = 0  # of the facts: those of a transaction whose end was not seen
        self._is_over = False  # the claim may begin nothing more
        self._fruitless = 0  # windows in a row that settled nothing
        self._settled = 0  # by the last stretch of a window
        self._seen, self._looked_at = 0, 0.0  # answers and time when the stretch began

    def steps(self) -> Iterator[Await]:
        """Send until the batch is through, the claim is lost, or nothing more may be begun; then give it back.

        Waits for the server are handed to whoever drives this (multiplex.run_together); `run` has the result.
        """
        try:
            try:
                yield from self._windows()
            except LaneClosed as closed:
                self.run.halt, self.run.words = closed.halt, closed.words
            yield Await(None)
            self._close()
            yield Await(None)
            self._give_back()
        except LOST as error:
            log.warning("database_lost", batch=self.claim.batch_id, error=str(error))
            self._settle_after_loss()

    def _close(self) -> None:
        passing("write_back")
        self._at_risk = len(self._facts)
        ledger.write_back(self.claim, self._facts, done_to=self._done_to)
        self._facts, self._at_risk = [], 0

    def _give_back(self) -> None:
        passing("release")
        ledger.release_batch(self.claim, backoff=self.run.backoff, wait=self.run.wait)

    def _may_open(self) -> bool:
        return not self._is_over and not self._stop() and self._may_begin()

    def _windows(self) -> Iterator[Await]:
        while self._may_open():
            if self.run.halt is not None and not (yield from self._may_go_on()):
                return
            window = Window(self._done_to)
            waiting = self._next(window, min(self.window, self.lane.room))
            if not waiting:
                self._done_to = self.claim.last_id
                return
            granted = yield from self._granted(len(waiting))
            if not granted:
                return
            yield Await(None)
            made = self._make(waiting[:granted])
            yield Await(None)
            self.lane.ready()
            yield Await(None)
            if self._open(window, made):
                yield from self._hand_over(window)

    def _may_go_on(self) -> Generator[Await, None, bool]:
        """After a halt: only where the account asked for a moment, which is waited for between two windows."""
        pause = MOMENT if self.run.asked is None else self.run.asked
        if self.run.halt is not Halt.WAIT or pause > PATIENCE or self._fruitless >= FRUITLESS:
            return False
        self._close()  # what is known is not left open meanwhile
        yield Await(None, patience=pause.total_seconds())
        self.run.halt, self.run.words, self.run.asked = None, "", None
        return True

    def _slide(self, window: Window) -> Iterator[Await]:
        """Mark the next messages and append them, if they may go; the last answers are on their way meanwhile."""
        if window.answered == self._seen:  # a window of two or three: taken whole before its first answer
            return
        self._look_back(window)
        size = min(self.window - window.unanswered, self.lane.room)
        if size * 2 < self.window:
            return
        yield Await(None)
        if self.run.halt is not None or not self._may_open():
            return
        waiting = self._next(window, size)
        granted = self._limiter.take(len(waiting), now=timezone.now()).count if waiting else 0
        if not granted:
            return
        yield Await(None)
        made = self._make(waiting[:granted])
        yield Await(None)
        self._open(window, made)

    def _open(self, window: Window, made: Made) -> bool:
        """Write what was answered, mark what was made: committed before its first octet. False: nothing was marked."""
        done_to, first, open_to = window.done_to, window.open_to, made.waiting[-1].message.pk
        passing("mark.before")
        self._at_risk = len(self._facts)
        lists, is_marketing = self._lists, self._is_marketing
        opened = ledger.mark_window(
            self.claim, self._facts, done_to=done_to, open_to=open_to, lists=lists, is_marketing=is_marketing
        )
        self._at_risk = 0
        if opened is None:
            self._is_over = True
            self._limiter.give_back(len(made.waiting))
            return False
        passing("mark.after")
        self._facts, self._deadline = made.unfit, opened.deadline
        del self._ahead[: len(made.waiting)]
        self._ahead_of = open_to
        # of those on the wire nobody is left out any more
        leave_out = {pk: reason for pk, reason in opened.leave_out.items() if pk > first}
        leave_out = self._erased(made.waiting) | leave_out
        unfit = {fact.message_id for fact in made.unfit}
        self._facts = [fact for fact in self._facts if leave_out.get(fact.message_id) != 0]
        self._facts += [
            Fact(pk, Verdict.SKIPPED, reason) for pk, reason in leave_out.items() if reason and pk not in unfit
        ]
        window.granted += len(made.waiting)
        window.grow([pair for pair in made.prepared if pair[0].message.pk not in leave_out], open_to=open_to)
        return True

    def _next(self, window: Window, size: int) -> list[Waiting]:
        """The messages after a window. They are read ahead: rows never change but by erasure, which the mark sees."""
        if (not self._ahead or self._ahead_of != window.open_to) and window.open_to < self.claim.last_id:
            self._ahead = ledger.read_window(self.claim, after=window.open_to, size=READ_AHEAD)
            self._ahead_of = window.open_to
        return self._ahead[:size]

    def _granted(self, want: int) -> Generator[Await, None, int]:
        """Leave to send so many: waited for where it is a matter of seconds, else the batch goes back until then."""
        while True:
            found = self._limiter.take(want, now=timezone.now())
            if found.count:
                return found.count
            if found.wait > PATIENCE or self._stop() or not self._may_begin():
                self.run.wait, self.run.is_granted_nothing = max(self.run.wait, found.wait), True
                return 0
            yield Await(None, patience=found.wait.total_seconds())

    def _erased(self, waiting: Sequence[Waiting]) -> dict[int, int]:
        """Who asked to be erased and came back by a way that did not look: {message id: reason}."""
        if not self._has_tombstones:
            return {}
        keys = {one.message.pk: _key(one.message.address) for one in waiting}
        reasons = tombstones_of(set(keys.values()), is_marketing=self._is_marketing)
        return {pk: reasons[key] for pk, key in keys.items() if key in reasons}

    def _make(self, waiting: Sequence[Waiting]) -> Made:
        """Rendered messages, and facts about those that cannot be made."""
        made = Made(waiting)
        for one in waiting:
            if not one.message.address:  # erased since the snapshot: the mark's look says so
                continue
            try:
                made.prepared.append((one, self.lane.prepare(one.message)))
            except CannotPrepare as error:
                made.unfit.append(Fact(one.message.pk, Verdict.SKIPPED, error.reason, reply=error.words))
        return made

    def _hand_over(self, window: Window) -> Iterator[Await]:
        """The window on the wire. Every message of it has a fact afterwards, or was certainly not begun."""
        self._looked_at, self._seen = time.monotonic(), 0
        length, renewed, lost = 0, self._looked_at, None
        for found in self.lane.send(window.contents, may_begin=self._may_begin):
            if isinstance(found, Await):
                if found.takes_more and length < len(window) and self.pace < QUICK:
                    length = len(window)  # asked once for each
                    try:
                        yield from self._slide(window)
                    except LOST as error:
                        lost, self._is_over = error, True  # what is on its way is waited for all the same
                    except LaneClosed:
                        pass  # said again when this window is through
                yield found
                continue
            passing("window")
            self._record(window, found)
            if time.monotonic() - renewed > RENEWAL:
                renewed = time.monotonic()
                self._renew()
        self._look_back(window)
        self._limiter.give_back(window.granted - window.answered)
        self._done_to = window.reached
        if lost is not None:
            raise lost

    def _record(self, window: Window, result: Result) -> None:
        one = window[result.index]
        if result.verdict is Verdict.ACCEPTED:
            self.run.accepted += 1
            fact = Fact(one.message.pk, Verdict.ACCEPTED, phase=result.phase, reply=result.their_id)
        else:
            fact = self._fact_of(one, result)
        if fact.verdict is not Verdict.NOT_BEGUN:
            window.settle(result.index)
            self._facts.append(fact)
            self._settled += fact.verdict is not Verdict.DEFERRED

    def _renew(self) -> None:
        with contextlib.suppress(*LOST):  # the window goes on; the next write deals with the loss
            self._deadline = ledger.renew_lease(self.claim) or self._deadline

    def _may_begin(self) -> bool:
        """Asked before each message; the four clocks behind it once in ALLOWED_FOR seconds, far below their margins."""
        now = since_boot()
        if now - self._allowed_at >= ALLOWED_FOR:
            if self._deadline.is_over() or self.claim.place.is_over():
                return False
            self._allowed_at = now
        return True

    def _look_back(self, window: Window) -> None:
        """What the window's last stretch taught: how much leaves in a while, and whether anything comes of it."""
        now = time.monotonic()
        count, seconds = window.answered - self._seen, max(now - self._looked_at, 0.001)
        self._seen, self._looked_at = window.answered, now
        if count:
            self.pace = count / seconds
            self.window = max(1, min(settings.WINDOW_SIZE, self.window * 4, int(WINDOW_SECONDS * self.pace)))
        self._fruitless = 0 if self._settled or not len(window) else self._fruitless + 1
        self._settled = 0
        if self._fruitless >= FRUITLESS and self.run.halt is None:
            self.run.halt, self.run.words = Halt.REST, next(reversed(self.run.later), "")

    def _fact_of(self, one: Waiting, result: Result) -> Fact:
        """Of one that was not accepted, and what it says of the run."""
        verdict: Verdict = result.verdict
        reason = result.reason
        if result.halt is not None:
            self.run.halt, self.run.words, self.run.asked = result.halt, result.reply, result.retry_after
        elif verdict == Verdict.NOT_BEGUN and result.phase > Phase.NONE:
            # Thrown back by a lost connection: at once again, but not for ever if it is what ends connections.
            if one.message.pk in self._cut:
                verdict = Verdict.DEFERRED
            self._cut.add(one.message.pk)
        if verdict == Verdict.DEFERRED:
            verdict, reason = self._deferred(one, result)
        is_about_person = result.verdict != Verdict.REFUSED and result.halt not in (Halt.WAIT, Halt.QUOTA)
        if is_about_person and result.reply and len(self.run.later) < SAMPLES:
            self.run.later.append(result.reply)
        self.run.refused += verdict == Verdict.REFUSED
        self.run.deferred += verdict == Verdict.DEFERRED
        is_lost = result.verdict == Verdict.NOT_BEGUN or result.code == CLOSING
        self.run.lost += is_lost and verdict == Verdict.DEFERRED
        self.run.unknown += verdict == Verdict.UNKNOWN
        return Fact(
            one.message.pk, verdict, reason, result.phase, result.code, reply=result.reply,
            conversation=result.conversation,
        )  # fmt: skip

    def _deferred(self, one: Waiting, result: Result) -> tuple[Verdict, Reason]:
        """Later, each time longer; after the last step the server has had its chance."""
        steps = settings.RETRY_STEPS
        if one.tries >= len(steps):
            return Verdict.REFUSED, Reason.DEFERRED_TOO_LONG
        self.run.backoff = max(self.run.backoff, result.retry_after or timedelta(seconds=steps[one.tries]))
        return Verdict.DEFERRED, Reason.NONE

    def _settle_after_loss(self) -> None:
        """The answer to a commit was lost. Until the lease is over: ask what was stored, and write what was not.

        A window whose mark was not seen committed is never begun; if it was stored, it is closed again here.
        """
        while True:
            try:
                connection.close()
                if ledger.are_stored(self.claim, self._facts[: self._at_risk]):
                    self._facts, self._at_risk = self._facts[self._at_risk :], 0
                self._close()
                self._give_back()
                return
            except LOST:
                if self._deadline.seconds_left() < -self.claim.lease.total_seconds():
                    raise
                time.sleep(1)


def _key(address: str) -> str:
    try:
        return address_key(address)
    except BrokenAddress:
        return address
