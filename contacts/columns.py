"""The columns of the contact table: what can be shown, what one user has chosen, and the cells of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contacts.mailbox_providers import BY_NUMBER
from contacts.models import Contact, ContactColumns, ContactField, ContactTag, Engagement
from contacts.queries import ContactRow, rows_of
from contacts.values import in_words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

USUAL = ("state", "lists", "tags", "created")
_OWN = "field:"
MOST = 12


@dataclass(frozen=True, slots=True)
class Column:
    """`sort` is the key of ?sort=, where the table can be ordered by it."""

    name: str
    label: "str | _StrPromise"
    sort: str = ""
    field: ContactField | None = None


@dataclass(slots=True)
class Cell:
    """`kind` tells the template how to draw `value`."""

    kind: str
    value: Any


FIXED = (
    Column("state", _("State")),
    Column("lists", _("Lists")),
    Column("tags", _("Tags")),
    Column("language", _("Language")),
    Column("provider", _("Mailbox")),
    Column("clicked", _("Last click")),
    Column("opened", _("Last open")),
    Column("created", _("Added"), sort="added"),
    Column("changed", _("Changed")),
)


def offered(fields: Sequence[ContactField]) -> list[Column]:
    """Every column there is: the fixed ones, then the fields of one's own."""
    return [*FIXED, *(Column(f"{_OWN}{field.pk}", field.label, field=field) for field in fields)]


def chosen_by(user: User, fields: Sequence[ContactField]) -> list[Column]:
    """What a user wants to see, in the order of `offered`; one statement."""
    row = ContactColumns.objects.filter(user=user).first()
    names = set(row.names if row else USUAL)
    return [column for column in offered(fields) if column.name in names][:MOST]


def choose(*, user: User, names: Sequence[str], fields: Sequence[ContactField]) -> None:
    """Remember a user's columns; what is not offered is left out."""
    known = [column.name for column in offered(fields) if column.name in names]
    ContactColumns.objects.update_or_create(user=user, defaults={"names": known[:MOST]})


def cells_of(contacts: Sequence[Contact], columns: Sequence[Column]) -> list[tuple[ContactRow, list[Cell]]]:
    """The lines of a page with a cell a column; a constant number of statements, whatever is shown."""
    names = {column.name for column in columns}
    tags = _tags(contacts) if "tags" in names else {}
    engaged = _engagement(contacts) if names & {"clicked", "opened"} else {}
    return [
        (
            row,
            [_cell(column, row, tags.get(row.contact.pk, []), engaged.get(row.contact.pk)) for column in columns],
        )
        for row in rows_of(contacts)
    ]


def _tags(contacts: Sequence[Contact]) -> dict[int, list[ContactTag]]:
    found: dict[int, list[ContactTag]] = {}
    links = ContactTag.objects.filter(contact__in=contacts).select_related("tag").order_by("tag__name")
    for link in links:
        found.setdefault(link.contact_id, []).append(link)
    return found


def _engagement(contacts: Sequence[Contact]) -> dict[int, Engagement]:
    return {row.contact_id: row for row in Engagement.objects.filter(contact__in=contacts)}


def _cell(column: Column, row: ContactRow, tags: list[ContactTag], engagement: Engagement | None) -> Cell:
    contact, name = row.contact, column.name
    if column.field is not None:
        return Cell("text", in_words(column.field, contact.fields.get(str(column.field.pk))))
    if name == "state":
        return Cell("state", row.standing)
    if name == "lists":
        return Cell("badges", [(one.contact_list_id, one.contact_list.name, "list") for one in row.lists])
    if name == "tags":
        return Cell("badges", [(one.tag_id, one.tag.name, "tag") for one in tags])
    if name == "language":
        return Cell("text", contact.get_language_display() if contact.language else "")
    if name == "provider":
        group = BY_NUMBER.get(contact.mx_group)
        return Cell("text", str(group.name) if group else "")
    if name == "clicked":
        return Cell("day", engagement and engagement.last_clicked_at)
    if name == "opened":
        return Cell("text", date_format(engagement.last_opened_on) if engagement and engagement.last_opened_on else "")
    return Cell("day", contact.created_at if name == "created" else contact.updated_at)
