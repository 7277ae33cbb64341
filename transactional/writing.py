"""From durable requests to the ledger: a transaction per block, so that a request is written once or is still due."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext as _

from delivery.models import Mailing, Stream
from delivery.posting import Entry, Numbers, draw_numbers, write_letters
from delivery.services.planning import ContentOrder, MailingRefused
from delivery.skeleton import ContentRefused
from delivery.standing import Letter
from delivery.streams import default_stream
from transactional.models import MessageRequest

log = structlog.get_logger(__name__)

BLOCK = 500


@dataclass(slots=True)
class Written:
    """What one pass did."""

    count: int = 0
    refused: int = 0
    providers: frozenset[int] = frozenset()  # through which it leaves
    is_stuck: bool = False  # what is left cannot be written now (no provider)


def write_due(*, at: datetime, most: int = BLOCK) -> Written:
    """Write the oldest due requests, at most `most`; any number of processes may."""
    due = MessageRequest.objects.filter(message_id=None, error="")
    waiting = due.order_by("pk").values_list("pk", flat=True)[:most].count()
    if not waiting:
        return Written()
    numbers = draw_numbers(waiting)
    with transaction.atomic():
        rows = list(
            due.select_for_update(of=("self",), skip_locked=True)
            .select_related("template_version__template", "sender", "api_key")
            .order_by("pk")[:waiting]
        )
        return _write(rows, numbers, at)


def _write(rows: Sequence[MessageRequest], numbers: Numbers, at: datetime) -> Written:
    stream = default_stream(Stream.Kind.TRANSACTIONAL)
    done, mailings, used = Written(), set[int](), 0
    for together in _by_letter(rows):
        letter = _letter(together[0], stream)
        entries = [Entry(row.address, row.address_key, row.variables) for row in together]
        own = Numbers(numbers.first_message + used, numbers.first_occasion + used)
        try:
            with transaction.atomic():  # a letter that cannot be written takes no other with it
                ids = write_letters(letter, entries, numbers=own, at=at)
        except ContentRefused as error:
            done.refused += len(together)
            _refuse(together, str(error))
            continue
        except MailingRefused as error:
            log.warning("requests_wait", count=len(together), reason=str(error))
            done.is_stuck = True
            continue
        used += len(together)
        done.count += len(together)
        mailings.add(_note(together, ids))
    done.providers = frozenset(Mailing.objects.filter(pk__in=mailings).values_list("provider_id", flat=True))
    return done


def _by_letter(rows: Sequence[MessageRequest]) -> list[list[MessageRequest]]:
    groups: dict[tuple[object, ...], list[MessageRequest]] = {}
    for row in rows:
        said = (row.template_version_id, row.subject, row.html, row.sender_id, row.language)
        groups.setdefault(said, []).append(row)
    return list(groups.values())


def _letter(row: MessageRequest, stream: Stream) -> Letter:
    version = row.template_version
    content = ContentOrder(
        subject=row.subject,
        html=version.html if version else row.html,
        sender_address=row.sender.address,
        sender_name=row.sender.name,
        reply_to=row.sender.reply_to,
        language=row.language,
    )
    name = version.template.name if version else row.subject
    return Letter("api", _("API: %(name)s") % {"name": name[:150]}, content, stream)


def _note(rows: Sequence[MessageRequest], ids: Sequence[int]) -> int:
    """Where each request stands in the ledger; the mailing of all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update transactional_messagerequest r set message_id = n.message, mailing_id = m.mailing_id "
            "from json_to_recordset(%s::json) as n (id bigint, message bigint) "
            "join delivery_message m on m.id = n.message where r.id = n.id returning r.mailing_id",
            [json.dumps([{"id": row.pk, "message": number} for row, number in zip(rows, ids, strict=True)])],
        )
        found = cursor.fetchone()
    assert found is not None
    return int(found[0])


def _refuse(rows: Sequence[MessageRequest], words: str) -> None:
    MessageRequest.objects.filter(pk__in=[row.pk for row in rows]).update(error=words[:500])
