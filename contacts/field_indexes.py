"""Indexes of one's own fields: built and dropped in the background, without holding anybody up.

A field that is fast to filter has an index on its very expression, which also tells the planner how its values are
spread; the rules of contacts/filters say the same expression. With the id behind the value, the newest of those who
share it are read from the index in order. The other fields have one GIN index together, which answers "is exactly"
and "is one of", and are read one by one for the rest. At most MOST_FAST, because each costs every import a little.
"""

from django.db import DatabaseError, connection
from django.db.models import DecimalField, F, Func, JSONField, TextField
from psycopg import sql

from contacts.models import Contact, ContactField
from contacts.search import has_trigrams

MOST_FAST = 20
_PREFIX = "contact_own_"
_Kind = ContactField.Kind
_Speed = ContactField.Speed


def value_expression(field: ContactField) -> Func:
    """A field's value, exactly as its index says it."""
    output = {_Kind.NUMBER: DecimalField(), _Kind.CHOICES: JSONField()}.get(_Kind(field.kind), TextField())
    return Func(F("fields"), template=_template(field), output_field=output)


def _template(field: ContactField) -> str:
    key = int(field.pk)  # a number: nothing to quote
    if field.kind == _Kind.CHOICES:
        return f"(%(expressions)s -> '{key}')"
    text = f"(%(expressions)s ->> '{key}')"
    if field.kind == _Kind.NUMBER:
        # Only numbers: a value of another type must not stop the build.
        return f"(case when jsonb_typeof(%(expressions)s -> '{key}') = 'number' then {text}::numeric end)"
    return f'({text} collate "C")'  # dates are ISO 8601: the order of octets is theirs


def definitions(field: ContactField) -> dict[str, str]:
    """Name → what stands behind "on contacts_contact" for each index of a fast field."""
    name, value = f"{_PREFIX}{int(field.pk)}", _template(field) % {"expressions": "fields"}
    if field.kind == _Kind.CHOICES:
        return {name: f"using gin ({value} jsonb_path_ops)"}
    found = {name: f"({value}, id)"}
    if field.kind == _Kind.TEXT and has_trigrams():
        found[f"{name}_words"] = f"using gin ({value} gin_trgm_ops)"
    return found


def tend_indexes() -> int:
    """Build what is asked for, drop what is not; returns how many were built. Outside any transaction, one at a time.

    Safe to repeat: what a killed build left is invalid, and is dropped first.
    """
    fast = list(ContactField.objects.exclude(speed__in=(_Speed.PLAIN, _Speed.FAILED)))
    wanted = {name for field in fast for name in definitions(field)}
    standing = _standing()
    for name, is_valid in standing.items():
        if name not in wanted or not is_valid:
            _run("drop index concurrently if exists {}", name)
    built = 0
    for field in fast:
        missing = {name: text for name, text in definitions(field).items() if not standing.get(name)}
        if missing or field.speed == _Speed.WAITING:
            built += _build(field, missing)
    return built


def _build(field: ContactField, missing: dict[str, str]) -> int:
    try:
        for name, definition in missing.items():
            _run("create index concurrently {} on {} " + definition.replace("{", "{{"), name, Contact._meta.db_table)
        if missing:  # how its values are spread, for the planner
            _run("analyze {}", Contact._meta.db_table)
    except DatabaseError:
        ContactField.objects.filter(pk=field.pk, speed=_Speed.WAITING).update(speed=_Speed.FAILED)
        return 0
    ContactField.objects.filter(pk=field.pk, speed=_Speed.WAITING).update(speed=_Speed.READY)
    return len(missing)


def _standing() -> dict[str, bool]:
    """The indexes of fields there are, and whether each can be used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where i.indrelid = %s::regclass and starts_with(c.relname::text, %s)",
            (Contact._meta.db_table, _PREFIX),
        )
        return dict(cursor.fetchall())


def _run(statement: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
