"""Several messages in one call, where a provider's API takes whole messages, each with its own everything.

Each message is made for one recipient by django-anymail as if it left alone; here they are only put side by side. So no
`merge_*` is involved, nothing is shared, and nobody can see another's address. What the table of capabilities calls a
batch, and why the others have none: delivery/capabilities.py.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias
from urllib.parse import urljoin

from anymail.message import AnymailMessage

from delivery.lanes import answers
from delivery.lanes.contract import Result

MOST_BYTES = 8_000_000  # of texts in one call; the tightest ceiling of the table's providers is above 10 MB
Payloads: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Call:
    """One prepared message, and its number for the idempotency key."""

    message_id: int
    mail: AnymailMessage


@dataclass(frozen=True, slots=True)
class Wire:
    """How one API takes several whole messages, and how it answers: a result a message, in the order given."""

    path: str
    join: Callable[[Payloads], Any]
    read: Callable[[Any, int], Iterator[Result]]
    part_way: str = ""  # this field in an answer of 4xx: some were taken, and it says who

    def tells_each(self, response: Any) -> bool:
        """Whether an answer that is no success speaks of each message all the same."""
        if not self.part_way or not 400 <= response.status_code < 500:
            return False
        try:
            told = response.json()
        except ValueError:
            return False
        return isinstance(told, dict) and self.part_way in told


class Unreadable(Exception):
    """The answer does not say what became of each."""


def key_of(calls: Sequence[Call]) -> str:
    """The same for the same messages in one call; a UUID, as Brevo asks."""
    numbers = ",".join(str(call.message_id) for call in calls)
    return str(uuid.UUID(bytes=blake2b(f"envol:{numbers}".encode(), digest_size=16).digest(), version=4))


def chunks(calls: Sequence[tuple[int, Call]], *, most: int) -> Iterator[list[tuple[int, Call]]]:
    """Neighbours that may share a call: at most `most`, one sender and mailing, not too many octets."""
    chunk: list[tuple[int, Call]] = []
    octets = 0
    for one in calls:
        mail = one[1].mail
        size = len(mail.body) + sum(len(part[0]) for part in mail.alternatives)
        is_full = len(chunk) >= most or octets + size > MOST_BYTES
        if chunk and (is_full or _common(chunk[0][1].mail) != _common(mail)):
            yield chunk
            chunk, octets = [], 0
        chunk.append(one)
        octets += size
    if chunk:
        yield chunk


def _common(mail: AnymailMessage) -> tuple[str, list[str]]:
    """What all messages of a call share: the sender, and the tag of their mailing."""
    return mail.from_email, getattr(mail, "tags", [])


def post(backend: Any, wire: Wire, calls: Sequence[Call], *, key: str) -> Any:
    """One call for all; the answer as it came. Raises what requests and django-anymail raise."""
    payloads = [backend.build_message_payload(call.mail, backend.send_defaults) for call in calls]
    request = payloads[0].get_request_params(backend.api_url)  # address and login, as for a message alone
    body = wire.join([payload.data for payload in payloads])
    if key and isinstance(body, dict) and "messageVersions" in body:
        body["headers"] = {"idempotencyKey": key}
    request |= {"url": urljoin(backend.api_url, wire.path), "data": json.dumps(body, default=_plain)}
    return backend.session.request(**request, timeout=backend.timeout)


def _plain(value: Any) -> Any:
    """django-anymail keeps headers in a mapping of its own."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot be written as JSON: {value!r}")


# ── how each API takes whole messages ────────────────────────────────────────────────────────────────────────────


def _brevo(payloads: Payloads) -> dict[str, Any]:
    """Each version overrides subject, texts, headers and reply address; above them stands what is nobody's."""
    versions = []
    for data in payloads:
        headers = {name: value for name, value in data.get("headers", {}).items() if name.lower() != "idempotencykey"}
        names = ("to", "subject", "htmlContent", "textContent", "replyTo")
        versions.append({name: data[name] for name in names if name in data} | {"headers": headers})
    return {
        "sender": payloads[0]["sender"],
        "tags": payloads[0].get("tags", []),  # of the mailing
        "subject": "-",
        "htmlContent": "<p></p>",
        "messageVersions": versions,
    }


def _mailjet(payloads: Payloads) -> dict[str, Any]:
    """What django-anymail calls global goes into each message: nothing is."""
    return {"Messages": [{**data["Globals"], **data["Messages"][0]} for data in payloads]}


# ── what each API answers ────────────────────────────────────────────────────────────────────────────────────────


def _list(value: Any, count: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != count:
        raise Unreadable("the answer does not have a line for each message")
    return value


def _said_by_postmark(told: Any, count: int) -> Iterator[Result]:
    for index, one in enumerate(_list(told, count)):
        if one["ErrorCode"] == 0:
            yield answers.taken(index, one["MessageID"])
        else:
            yield answers.of_line(index, "postmark", f"{one['ErrorCode']} {one['Message']}")


def _said_by_brevo(told: Any, count: int) -> Iterator[Result]:
    for index, their_id in enumerate(_list(told["messageIds"], count)):
        yield answers.taken(index, their_id)


def _said_by_resend(told: Any, count: int) -> Iterator[Result]:
    for index, one in enumerate(_list(told["data"], count)):
        yield answers.taken(index, one["id"])


def _said_by_mailjet(told: Any, count: int) -> Iterator[Result]:
    for index, one in enumerate(_list(told["Messages"], count)):
        if one["Status"] == "success":
            yield answers.taken(index, str(one["To"][0]["MessageID"]))
        else:
            words = "; ".join(_mailjet_words(error) for error in one.get("Errors", []))
            yield answers.of_line(index, "mailjet", words or "error")


def _mailjet_words(error: Mapping[str, Any]) -> str:
    about = ", ".join(map(str, error.get("ErrorRelatedTo", [])))
    said = f"{error.get('ErrorCode', '')} {error.get('ErrorMessage', '')}".strip()
    return f"{said} ({about})" if about else said


def _said_by_mailtrap(told: Any, count: int) -> Iterator[Result]:
    for index, one in enumerate(_list(told["responses"], count)):
        if one["success"]:
            yield answers.taken(index, one["message_ids"][0])
        else:
            yield answers.of_line(index, "mailtrap", "; ".join(map(str, one.get("errors", []))) or "failed")


WIRES: dict[str, Wire] = {
    "brevo": Wire("smtp/email", _brevo, _said_by_brevo),
    "mailjet": Wire("send", _mailjet, _said_by_mailjet, part_way="Messages"),
    "mailtrap": Wire("batch", lambda payloads: {"requests": list(payloads)}, _said_by_mailtrap),
    "postmark": Wire("email/batch", list, _said_by_postmark),
    "resend": Wire("emails/batch", list, _said_by_resend),
}


def read(wire: Wire, response: Any, count: int) -> list[Result]:
    """A result a message. Raises Unreadable."""
    try:
        return list(wire.read(response.json(), count))
    except Unreadable:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Unreadable(answers.words_in(response)) from error
