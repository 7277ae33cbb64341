"""Fields of one's own: made, changed, put away. What becomes of their values is a bulk change (contacts/bulk.py)."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.field_indexes import MOST_FAST
from contacts.models import ContactField

_Speed = ContactField.Speed


class FieldRefused(ValueError):
    """The field cannot be made or changed so; the message says why, in the active language."""


@transaction.atomic
def create_field(
    *, label: str, key: str, kind: str, options: Sequence[str] = (), is_fast: bool = False, user: User | None = None
) -> ContactField:
    """A new field. Raises FieldRefused where the key is taken, or too many are fast already."""
    field = ContactField(label=label, key=key, kind=kind, options=list(options))
    _set_speed(field, is_fast=is_fast)
    try:
        with transaction.atomic():
            field.save(force_insert=True)
    except IntegrityError as error:
        raise FieldRefused(_("Another field is called “%(key)s” in templates.") % {"key": key}) from error
    audit(verb="field.add", target=f"field:{field.pk}", user=user, key=key, kind=kind)
    return field


@transaction.atomic
def change_field(
    *, field: ContactField, label: str, options: Sequence[str], is_fast: bool, user: User | None = None
) -> None:
    """New words for a field, its type stays. An option taken away stays with the people who have it."""
    field.label, field.options = label, list(options)
    _set_speed(field, is_fast=is_fast)
    field.save(update_fields=["label", "options", "speed"])
    audit(verb="field.change", target=f"field:{field.pk}", user=user, label=label, options=list(options))


@transaction.atomic
def archive_field(*, field: ContactField, user: User | None = None) -> None:
    """Offer it nowhere any more; its values stay, templates that name it go on."""
    ContactField.objects.filter(pk=field.pk).update(archived_at=timezone.now(), speed=_Speed.PLAIN)
    audit(verb="field.archive", target=f"field:{field.pk}", user=user)


@transaction.atomic
def restore_field(*, field: ContactField, user: User | None = None) -> None:
    """Offer an archived field again."""
    ContactField.objects.filter(pk=field.pk).update(archived_at=None)
    audit(verb="field.restore", target=f"field:{field.pk}", user=user)


def _set_speed(field: ContactField, *, is_fast: bool) -> None:
    is_already = field.pk is not None and field.speed in (_Speed.READY, _Speed.WAITING)
    if is_fast == is_already:
        return
    if is_fast and ContactField.objects.exclude(speed=_Speed.PLAIN).exclude(pk=field.pk).count() >= MOST_FAST:
        said = _("%(most)d fields are fast to filter already: make another one slow first.")
        raise FieldRefused(said % {"most": MOST_FAST})
    field.speed = _Speed.WAITING if is_fast else _Speed.PLAIN
