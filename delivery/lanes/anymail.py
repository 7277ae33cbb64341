"""The HTTP lane: a provider's API through django-anymail, on one kept-alive session.

A call a person, or one for several where the API takes whole messages (lanes/batching.py). Doubt runs from the moment
the request may have been read whole to its status; where the provider knows a repeated call by its key, the doubtful
one is repeated at once, and its answer is the answer to both.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import requests
import structlog
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailSerializationError,
    AnymailUnsupportedFeature,
)
from anymail.message import AnymailMessage

from delivery.capabilities import kind_of, lease_of
from delivery.copies import OneCopy
from delivery.lanes import answers, batching
from delivery.lanes.backends import backend_of
from delivery.lanes.batching import Call
from delivery.lanes.contract import Await, CannotPrepare, Halt, LaneClosed, Result
from delivery.lanes.errand import Errands, Late
from delivery.models import Provider
from delivery.reasons import Reason
from delivery.skeleton import CannotFill, ContentRefused, Parts, skeleton_for
from delivery.verdicts import Phase, Verdict

log = structlog.get_logger(__name__)

# Statuses of one recipient in django-anymail's words.
TAKEN = frozenset({"sent", "queued"})
NOT_TAKEN = frozenset({"rejected", "invalid", "failed"})
UNFIT = (AnymailUnsupportedFeature, AnymailInvalidAddress, AnymailSerializationError)
# Seconds before a doubtful call is repeated under its key, as often as there are numbers.
REPEATS = (1.0, 4.0)
_NO_LIMIT = 1_000_000


class AnymailLane:
    """See lanes.contract.Lane."""

    def __init__(self, provider: Provider) -> None:
        self.kind = kind_of(provider.kind)
        self.lease = lease_of(provider.kind)
        self._provider = provider
        self._backend: Any = None
        self._errands = Errands()
        self._wire = batching.WIRES.get(provider.kind)
        self._repeats = REPEATS
        # Longer than the call's own timeouts, shorter than the lease: for a server that answers drop by drop.
        self._patience = (self.lease * 5 / 6).total_seconds()

    @property
    def room(self) -> int:
        return _NO_LIMIT

    def prepare(self, message: OneCopy) -> Call:
        if message.content_id is None:
            raise CannotPrepare(Reason.CANNOT_RENDER, "no content was chosen for this message")
        try:
            parts = skeleton_for(message.content_id).fill_parts(message)
        except CannotFill as error:
            raise CannotPrepare(Reason.CANNOT_RENDER, str(error)) from error
        except ContentRefused as error:
            raise LaneClosed(Halt.CONTENT, str(error)) from error
        if not parts.to.isascii():
            raise CannotPrepare(Reason.SMTPUTF8_NEEDED, "this provider takes ASCII addresses only")
        return Call(message.pk, self._mail(parts, message.pk))

    def _mail(self, parts: Parts, message_id: int) -> AnymailMessage:
        mail = AnymailMessage(
            subject=parts.subject,
            body=parts.text,
            from_email=parts.sender,
            to=[parts.to],
            reply_to=[parts.reply_to] if parts.reply_to else None,
            headers=dict(parts.headers),
        )
        mail.attach_alternative(parts.html, "text/html")
        if self.kind.has_metadata:
            mail.metadata = {"envol_id": parts.opaque_id}  # opaque: several providers print it into headers
        else:
            mail.extra_headers["X-Envol-ID"] = parts.opaque_id
        if self.kind.has_tags:
            mail.tags = [f"envol-{parts.opaque_id.partition('.')[0]}"]
        if self.kind.has_tracking_switch:
            mail.track_opens = mail.track_clicks = False  # ours decides, by the person's consent
        if self.kind.idempotency_field:
            mail.extra_headers[self.kind.idempotency_field] = batching.key_of([Call(message_id, mail)])
        return mail

    def ready(self) -> None:
        if self._backend is None:
            backend = backend_of(self._provider)
            try:
                backend.open()
            except (requests.RequestException, AnymailError) as error:
                raise LaneClosed(Halt.REST, str(error)) from error
            self._backend = backend

    def send(self, window: Sequence[Call], *, may_begin: Callable[[], bool]) -> Iterator[Result | Await]:
        """Call by call. Each runs beside, so that the other lanes of this thread go on meanwhile."""
        most = self.kind.batch_size if self._wire else 1
        waiting = list(batching.chunks(list(enumerate(window)), most=most))
        while waiting:
            chunk = waiting.pop(0)
            if not may_begin():
                return
            results: list[Result] = []
            errand = partial(self._call, [call for _, call in chunk])
            try:
                for found in self._errands.run(errand, patience=self._patience):
                    if isinstance(found, Await):
                        yield found
                    else:
                        results = found
            except Late:
                words = "no answer in time"
                for index, _ in chunk:
                    yield Result(index, Verdict.UNKNOWN, Reason.REPLY_LOST, Phase.FINAL, reply=words)
                self._start_anew()
                return
            if _is_refused_whole(results):  # one of them is at fault, the others are not to be counted for it
                half = len(chunk) // 2
                waiting[:0] = [chunk[:half], chunk[half:]]
                continue
            yield from (replace(one, index=chunk[one.index][0]) for one in results)
            if any(one.halt is not None for one in results):
                return

    def _start_anew(self) -> None:
        """The session is still in the hands of a call that is late: leave both behind."""
        self._errands.close()
        self._errands, self._backend = Errands(), None

    def _call(self, calls: Sequence[Call]) -> list[Result]:
        """One call and, where its key makes that safe, again while it is in doubt."""
        begun = time.monotonic()
        results = self._once(calls)
        for pause in self._repeats if self.kind.idempotency_for else ():
            is_in_doubt = any(one.verdict == Verdict.UNKNOWN for one in results)
            if not is_in_doubt or time.monotonic() - begun + pause > self._patience / 2:
                break
            time.sleep(pause)
            again = self._once(calls)
            # What is still in doubt stays so: "not now" may be said of the second call only.
            if all(one.verdict in (Verdict.ACCEPTED, Verdict.REFUSED) for one in again):
                results = again
        return results

    def _once(self, calls: Sequence[Call]) -> list[Result]:
        self._set_idempotency_header(calls)
        if len(calls) == 1 or self._wire is None:
            return [replace(self._one(call), index=index) for index, call in enumerate(calls)]
        return self._together(self._wire, calls)

    def _together(self, wire: batching.Wire, calls: Sequence[Call]) -> list[Result]:
        """One call for several. A doubt, a delay or a refusal of the whole is one for each."""
        key = batching.key_of(calls) if self.kind.idempotency_field else ""
        try:
            response = batching.post(self._backend, wire, calls, key=key)
        except UNFIT:  # somebody's message cannot be made: each alone tells whose
            return [Result(index, Verdict.REFUSED, Reason.CANNOT_RENDER, Phase.BODY) for index in range(len(calls))]
        except requests.RequestException as error:
            return [answers.of_error(index, self.kind, error) for index in range(len(calls))]
        if not (200 <= response.status_code < 300 or wire.tells_each(response)):
            words, headers = answers.words_in(response), response.headers
            said = answers.of_status(0, self.kind, response.status_code, words, headers)
            return [replace(said, index=index) for index in range(len(calls))]
        try:
            return batching.read(wire, response, len(calls))
        except batching.Unreadable as error:
            return [answers.unreadable(index, str(error)) for index in range(len(calls))]

    def _one(self, call: Call) -> Result:
        try:
            self._backend.send_messages([call.mail])
        except UNFIT as error:
            return Result(0, Verdict.SKIPPED, Reason.CANNOT_RENDER, reply=str(error))
        except AnymailRecipientsRefused as error:
            return self._refused(call.mail, answers.words_of(error))
        except (AnymailAPIError, requests.RequestException) as error:
            return answers.of_error(0, self.kind, error)
        except Exception as error:  # an answer django-anymail cannot read: the request may well have been taken
            log.exception("answer_unreadable", kind=self.kind.name)
            return answers.unreadable(0, answers.words_of(error))
        return self._answered(call.mail)

    def _set_idempotency_header(self, calls: Sequence[Call]) -> None:
        session = getattr(self._backend, "session", None)
        if self.kind.idempotency_header and session is not None:
            session.headers[self.kind.idempotency_header] = batching.key_of(calls)

    def _answered(self, mail: AnymailMessage) -> Result:
        status = mail.anymail_status
        statuses = set(status.status or ())
        if statuses & NOT_TAKEN and not statuses <= TAKEN:
            return self._refused(mail, answers.words_in(status.esp_response) or ", ".join(statuses))
        if not statuses & TAKEN:  # neither, says django-anymail of an answer it could not match with the person
            return self._of_response(status.esp_response)
        their_id = status.message_id  # a set of them where a message has several recipients: ours never has
        return answers.taken(0, str(their_id) if isinstance(their_id, str | int) else None)

    def _of_response(self, response: Any) -> Result:
        words, status = answers.words_in(response), getattr(response, "status_code", None)
        if status is None:
            return answers.unreadable(0, words)
        return answers.of_status(0, self.kind, status, words, response.headers)

    def _refused(self, mail: AnymailMessage, words: str) -> Result:
        """By the words; where they give no reason, by django-anymail's status."""
        is_invalid = set(mail.anymail_status.status or ()) == {"invalid"}
        otherwise = Reason.REFUSED_ADDRESS if is_invalid else Reason.REFUSED_POLICY
        return answers.of_line(0, self.kind.name, words, otherwise=otherwise)

    def close(self) -> None:
        self._errands.close()
        if self._backend is not None:
            self._backend.close()
            self._backend = None


def _is_refused_whole(results: Sequence[Result]) -> bool:
    """One answer for several messages that says no to all of them alike."""
    first = results[0] if results else None
    return (
        len(results) > 1
        and first is not None
        and first.verdict == Verdict.REFUSED
        and all((one.verdict, one.code, one.reply) == (first.verdict, first.code, first.reply) for one in results)
        and first.code != 200
    )
