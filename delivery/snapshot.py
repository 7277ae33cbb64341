"""The snapshot: a mailing's audience frozen into messages, skipped outcomes and batches, block by block.

Blocks go by contact id, the first one small, so that sending starts while the rest is still being written. The cursor
moves in the transaction of its block: a snapshot that was cut goes on where it stood, and two of them take turns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from psycopg import ClientCursor, sql

from common.sql import load_sql
from contacts.audience import Audience
from contacts.models import ContactField
from contacts.services import ASKING_REST
from contacts.tracking import tracking_table
from delivery.counters import draw
from delivery.failover.choosing import leaves_through
from delivery.failpoints import passing
from delivery.limits import warmup, waves
from delivery.models import Content, Mailing
from delivery.reasons import Reason
from delivery.skeleton import skeleton_for
from templates_app.variables import CONTACT_COLUMNS

FIRST_BLOCK = 1_000  # people
BLOCK = 20_000
LARGEST_BATCH = 1_000
SMALLEST_BATCH = 20
# As contacts.services.may_ask_tracking says it.
_MAY_ASK = (
    f"c.open_consent = 0 and (c.tracking_asked_at is null or c.tracking_asked_at <= "
    f"clock_timestamp() - interval '{ASKING_REST.days} days')"
)
_LIST = {"id": "p.list_id", "name": "l.name"}  # Liquid name → column of the block statement


@dataclass(frozen=True, slots=True)
class Block:
    """What one block added; `is_last` when nobody is left."""

    people: int
    is_first: bool
    is_last: bool


def take_block(mailing_id: int) -> Block | None:
    """Freeze the next block of a mailing being sent; None when there is nothing (more) to freeze."""
    mailing = Mailing.objects.select_related("provider", "stream").get(pk=mailing_id)
    if mailing.state != Mailing.State.SENDING or mailing.snapshot_done_at is not None:
        return None
    is_first = mailing.snapshot_cursor == 0
    plan = _Plan(mailing)
    has_waves = waves.cut_first(mailing, plan.source) if is_first else waves.are_cut(mailing.pk)
    size = FIRST_BLOCK if is_first and not has_waves else BLOCK  # a first wave is drawn from many
    first = draw("message", size)
    with transaction.atomic(durable=True):
        locked = Mailing.objects.select_for_update(no_key=True).get(pk=mailing_id)
        if locked.state != Mailing.State.SENDING or locked.snapshot_done_at is not None:
            return None
        block = _write(plan, locked, first=first, size=size)
        passing("snapshot")
    if block.is_last:
        _analyse(_TABLES)
    elif block.is_first:
        _analyse(_unknown())
    return block


def _write(plan: "_Plan", mailing: Mailing, *, first: int, size: int) -> Block:
    lefts = waves.lefts_of(mailing.pk)
    values = plan.values | {"cursor": mailing.snapshot_cursor, "size": size, "first": first, "lefts": lefts}
    with connection.cursor() as cursor:
        cursor.execute(plan.statement.replace("{wave}", waves.column(lefts)), values)
        picked, last_contact, added, first_id, last_id = cursor.fetchone() or (0, None, 0, None, None)
        if plan.asks_tracking and added:
            cursor.execute(load_sql("delivery", "note_tracking_asked"), {"first": first_id, "last": last_id})
    if lefts and first_id and last_id:
        waves.note_cut(mailing.pk, first=first_id, last=last_id)
    is_last = picked < size
    if is_last:
        warmup.let_go(mailing.pk)
    Mailing.objects.filter(pk=mailing.pk).update(
        snapshot_cursor=last_contact or mailing.snapshot_cursor,
        planned_count=F("planned_count") + added,
        first_message_id=mailing.first_message_id or first_id,
        last_message_id=last_id or mailing.last_message_id,
        snapshot_done_at=timezone.now() if is_last else None,
    )
    return Block(people=added, is_first=mailing.snapshot_cursor == 0, is_last=is_last)


_TABLES = ("delivery_message", "delivery_outcome", "delivery_batch")
FEW = 10_000  # rows


def _unknown() -> list[str]:
    """Tables that were all but empty when they were last analysed. Where there are millions of rows the first message
    need not wait for it: a thousand more change no plan, and sampling the table takes half a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where oid = any(%s::regclass[]) and reltuples < %s", [list(_TABLES), FEW]
        )
        return [name for (name,) in cursor.fetchall()]


def _analyse(tables: Iterable[str]) -> None:
    """Without statistics the first windows are planned for an empty table: 350 µs a message instead of 10."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"analyze {table}")


class _Plan:
    """The block statement of one mailing, and its values."""

    def __init__(self, mailing: Mailing) -> None:
        self._contents = list(Content.objects.filter(mailing=mailing).order_by("variant", "pk"))
        source, parameters = Audience.from_json(mailing.audience).source_sql()
        self.source = ClientCursor(connection.connection).mogrify(source, parameters)
        names = {name for content in self._contents for name in skeleton_for(content.pk).names}
        self.asks_tracking = "contact.may_ask_tracking" in names
        template = load_sql("delivery", "snapshot_block")
        self.statement = (
            template.replace("{source}", self.source.replace("%", "%%"))
            .replace("{vars}", self._vars().replace("%", "%%"))
            .replace("{content}", self._content().replace("%", "%%"))
        )
        self.ranked = warmup.ranked_groups(mailing)
        for name, column in warmup.columns(self.ranked).items():
            self.statement = self.statement.replace(name, column)
        self.values: dict[str, Any] = {
            "mailing": mailing.pk,
            "provider": leaves_through(mailing),
            "is_urgent": mailing.stream is not None and mailing.stream.is_urgent,
            "occasion": mailing.occasion,
            "tracking": tracking_table(mailing.policy),
            "no_samples": not mailing.provider.is_catcher,
            "not_here": int(Reason.NOT_ALLOWED_HERE),
            "same_address": int(Reason.SAME_ADDRESS),
            "paused": int(Reason.PAUSED),
            "ranked": self.ranked,
            "hold": warmup.HOLD,
            "batch": self._batch_size(mailing.provider.connection_count),
        }

    def _batch_size(self, connections: int) -> int:
        """Planned ÷ (4 × connections), so that one connection does not get everything; counted as far as needed."""
        enough = 4 * connections * LARGEST_BATCH
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) from (select 1 from ({self.source}) s limit {int(enough)}) x")  # noqa: S608
            row = cursor.fetchone()
        planned = row[0] if row else 0
        return max(SMALLEST_BATCH, min(LARGEST_BATCH, planned // (4 * connections)))

    def _content(self) -> str:
        """The content in the person's language, else the first."""
        by_language = {content.language: content.pk for content in reversed(self._contents)}
        choices = sql.SQL(" ").join(
            sql.SQL("when {} then {}").format(sql.Literal(language), sql.Literal(pk))
            for language, pk in by_language.items()
        )
        first = sql.Literal(self._contents[0].pk)
        if len(by_language) == 1:
            return sql.SQL("{}::int").format(first).as_string(connection.connection)
        return sql.SQL("case c.language {} else {} end").format(choices, first).as_string(connection.connection)

    def _vars(self) -> str:
        """jsonb of the names the contents use: a message row carries no more about a person than its mail shows."""
        names = sorted({name for content in self._contents for name in skeleton_for(content.pk).names})
        contact = [name.removeprefix("contact.") for name in names if name.startswith("contact.")]
        fields = dict(ContactField.objects.filter(key__in=contact).values_list("key", "pk"))
        pairs = [
            sql.SQL("{}, c.{}").format(sql.Literal(name), sql.Identifier(CONTACT_COLUMNS[name]))
            if name in CONTACT_COLUMNS
            else sql.SQL("{}, c.fields -> {}").format(sql.Literal(name), sql.Literal(str(fields[name])))
            for name in contact
            if name in CONTACT_COLUMNS or name in fields
        ]
        parts = []
        if "may_ask_tracking" in contact:
            pairs.append(sql.SQL("'may_ask_tracking', {}").format(sql.SQL(_MAY_ASK)))
        if pairs:
            parts.append(sql.SQL("'contact', jsonb_build_object({})").format(sql.SQL(", ").join(pairs)))
        of_list = [
            sql.SQL("{}, {}").format(sql.Literal(name), sql.SQL(column))
            for name, column in _LIST.items()
            if f"list.{name}" in names
        ]
        if of_list:
            parts.append(sql.SQL("'list', jsonb_build_object({})").format(sql.SQL(", ").join(of_list)))
        return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(parts)).as_string(connection.connection)
