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
from delivery.orders import Orders
from delivery.reasons import Reason
from delivery.stopping import is_stopping
from delivery.verdicts import Fact, Phase, Verdict

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


class BatchSender:
    """Works one claim to its end. `stop`: asked before each window (SIGTERM, or the caller's own reasons).

    `window`: how many messages the first one holds, at most; what was learned on the same connection before.
    """

    def __init__(
        self,
        claim: Claim,
        lane: Lane,
        *,
        orders: Orders,
        stop: Callable[[], bool] = is_stopping,
        window: int = FIRST_WINDOW,
    ) -> None:
        self.claim, self.lane, self.run = claim, lane, Run()
        self._stop = stop
        mailing = orders.mailing(claim.mailing_id)
        self._limiter = orders.limiter(claim)
        self._lists = Audience.from_json(mailing.audience).lists
        self._is_marketing = not mailing.is_transactional
        self._has_tombstones = orders.has_tombstones()
        self._deadline = claim.deadline
        self._done_to = claim.first_id - 1
        self._facts: list[Fact] = []
        self._ahead: list[Waiting] = []  # read, and in no window yet
        self._ahead_of = self._done_to  # the message they come after
        self.window = min(window, settings.WINDOW_SIZE)  # messages; learned, and good for the next batch
        self._cut: set[int] = set()  # messages a lost connection threw back once in this claim
        self._fruitless = 0  # windows in a row that settled nothing

    def steps(self) -> Iterator[Await]:
        """Send until the batch is through, the claim is lost, or nothing more may be begun; then give it back.

        Waits for the server are handed to whoever drives this (multiplex.run_together); `run` has the result.
        """
        try:
            try:
                yield from self._windows()
            except LaneClosed as closed:
                self.run.halt, self.run.words = closed.halt, closed.words
            self._close()
            self._give_back()
        except LOST as error:
            log.warning("database_lost", batch=self.claim.batch_id, error=str(error))
            self._settle_after_loss()

    def _close(self) -> None:
        passing("write_back")
        ledger.write_back(self.claim, self._facts, done_to=self._done_to)
        self._facts = []

    def _give_back(self) -> None:
        passing("release")
        ledger.release_batch(self.claim, backoff=max(self.run.backoff, self.run.wait))

    def _windows(self) -> Iterator[Await]:
        while not self._stop() and self._may_begin():
            if self.run.halt is not None and not (yield from self._may_go_on()):
                return
            waiting = self._next(min(self.window, self.lane.room))
            if not waiting:
                self._done_to = self.claim.last_id
                return
            granted = yield from self._granted(len(waiting))
            if not granted:
                return
            waiting, self._ahead = self._ahead[:granted], self._ahead[granted:]
            open_to = self._ahead_of = waiting[-1].message.pk
            prepared, unfit = self._prepare(waiting)
            self.lane.ready()
            passing("mark.before")
            opened = ledger.mark_window(
                self.claim,
                self._facts,
                done_to=self._done_to,
                open_to=open_to,
                lists=self._lists,
                is_marketing=self._is_marketing,
            )
            if opened is None:
                self._limiter.give_back(granted)
                return
            passing("mark.after")
            self._facts, self._deadline = unfit, opened.deadline
            yield from self._hand_over(prepared, self._erased(waiting) | opened.leave_out, open_to, granted)

    def _may_go_on(self) -> Generator[Await, None, bool]:
        """After a halt: only where the account asked for a moment, which is waited for between two windows."""
        pause = MOMENT if self.run.asked is None else self.run.asked
        if self.run.halt is not Halt.WAIT or pause > PATIENCE or self._fruitless >= FRUITLESS:
            return False
        self._close()  # what is known is not left open meanwhile
        yield Await(None, patience=pause.total_seconds())
        self.run.halt, self.run.words, self.run.asked = None, "", None
        return True

    def _next(self, size: int) -> list[Waiting]:
        """The messages after `_done_to`. They are read ahead: rows never change but by erasure, which the mark sees."""
        if (not self._ahead or self._ahead_of != self._done_to) and self._done_to < self.claim.last_id:
            self._ahead = ledger.read_window(self.claim, after=self._done_to, size=READ_AHEAD)
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

    def _prepare(self, waiting: Sequence[Waiting]) -> tuple[list[tuple[Waiting, Any]], list[Fact]]:
        """Rendered messages, and facts about those that cannot be made."""
        prepared, unfit = [], []
        for one in waiting:
            if not one.message.address:  # erased since the snapshot: the mark's look says so
                continue
            try:
                prepared.append((one, self.lane.prepare(one.message)))
            except CannotPrepare as error:
                unfit.append(Fact(one.message.pk, Verdict.SKIPPED, error.reason, reply=error.words))
        return prepared, unfit

    def _hand_over(
        self, prepared: Sequence[tuple[Waiting, Any]], leave_out: dict[int, int], open_to: int, granted: int
    ) -> Iterator[Await]:
        """The window on the wire. Every message of it has a fact afterwards, or was certainly not begun."""
        unfit = {fact.message_id for fact in self._facts}
        self._facts = [fact for fact in self._facts if leave_out.get(fact.message_id) != 0]
        self._facts += [
            Fact(pk, Verdict.SKIPPED, reason) for pk, reason in leave_out.items() if reason and pk not in unfit
        ]
        window = [pair for pair in prepared if pair[0].message.pk not in leave_out]
        begun = time.monotonic()
        answered: set[int] = set()
        renewed = begun
        for result in self.lane.send([content for _, content in window], may_begin=self._may_begin):
            if isinstance(result, Await):
                yield result
                continue
            passing("window")
            answered.add(result.index)
            self._facts.append(self._fact_of(window[result.index][0], result))
            if time.monotonic() - renewed > RENEWAL:
                renewed = time.monotonic()
                self._renew()
        self._resize(len(answered), time.monotonic() - begun)
        begun = len(answered) - sum(fact.verdict == Verdict.NOT_BEGUN for fact in self._facts)
        self._limiter.give_back(granted - max(0, begun))
        self._done_to = self._reached(window, answered, open_to)
        self._give_up_when_fruitless(bool(window))

    def _renew(self) -> None:
        with contextlib.suppress(*LOST):  # the window goes on; the next write deals with the loss
            self._deadline = ledger.renew_lease(self.claim) or self._deadline

    def _may_begin(self) -> bool:
        return not self._deadline.is_over() and not self.claim.place.is_over()

    def _give_up_when_fruitless(self, was_sent: bool) -> None:
        is_fruitful = not was_sent or any(not fact.verdict.is_pending for fact in self._facts)
        self._fruitless = 0 if is_fruitful else self._fruitless + 1
        if self._fruitless >= FRUITLESS and self.run.halt is None:
            self.run.halt = Halt.REST

    def _reached(self, window: Sequence[tuple[Waiting, Any]], answered: set[int], open_to: int) -> int:
        """How far the window may move: up to the first message that can go at once, when nothing after it was begun."""
        at_once = {fact.message_id for fact in self._facts if fact.verdict == Verdict.NOT_BEGUN}
        again = [i for i, (one, _) in enumerate(window) if i not in answered or one.message.pk in at_once]
        self._facts = [fact for fact in self._facts if fact.verdict != Verdict.NOT_BEGUN]
        if not again:
            return open_to
        first = again[0]
        if again == list(range(first, len(window))):
            return window[first][0].message.pk - 1
        return open_to

    def _fact_of(self, one: Waiting, result: Result) -> Fact:
        if result.verdict == Verdict.ACCEPTED:
            self.run.accepted += 1
            return Fact(one.message.pk, Verdict.ACCEPTED, phase=result.phase, reply=result.their_id)
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

    def _resize(self, count: int, seconds: float) -> None:
        if count:
            self.window = max(
                1, min(settings.WINDOW_SIZE, self.window * 4, int(WINDOW_SECONDS * count / max(seconds, 0.001)))
            )

    def _settle_after_loss(self) -> None:
        """The answer to a commit was lost. Until the lease is over: ask what was stored, and write what was not.

        A window whose mark was not seen committed is never begun; if it was stored, it is closed again here.
        """
        while True:
            try:
                connection.close()
                if ledger.are_stored(self.claim, self._facts):
                    self._facts = []
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
