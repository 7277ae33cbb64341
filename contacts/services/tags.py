"""Words a team puts on people."""

from collections.abc import Sequence

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from contacts.models import Contact, ContactTag, Tag


class TagRefused(ValueError):
    """The tag cannot be changed so; the message says why, in the active language."""


def tags_named(names: Sequence[str]) -> list[Tag]:
    """The tags of these names; made where there are none."""
    Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=names))


def tag_contact(*, contact: Contact, name: str) -> None:
    """Put a tag on one person; twice is as once."""
    (tag,) = tags_named([name])
    ContactTag.objects.bulk_create([ContactTag(tag=tag, contact=contact)], ignore_conflicts=True)


def untag_contact(*, contact: Contact, tag: int) -> None:
    """Take a tag off one person."""
    ContactTag.objects.filter(tag=tag, contact=contact).delete()


@transaction.atomic
def rename_tag(*, tag: Tag, name: str, user: User) -> None:
    """Another word for the same people. Raises TagRefused where it is a tag already: those two are merged instead."""
    try:
        with transaction.atomic():
            Tag.objects.filter(pk=tag.pk).update(name=name)
    except IntegrityError as error:
        raise TagRefused(_("“%(name)s” is a tag already: merge the two.") % {"name": name}) from error
    audit(verb="tag.rename", target=f"tag:{tag.pk}", user=user, old=tag.name, new=name)


@transaction.atomic
def merge_tag(*, tag: Tag, into: Tag, user: User) -> None:
    """Whoever carries the one carries the other instead; the first is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contacttag (tag_id, contact_id) select %s, contact_id from contacts_contacttag"
            " where tag_id = %s order by contact_id on conflict do nothing",
            (into.pk, tag.pk),
        )
    audit(verb="tag.merge", target=f"tag:{tag.pk}", user=user, name=tag.name, into=into.pk)
    _drop(tag)


@transaction.atomic
def remove_tag(*, tag: Tag, user: User) -> None:
    """Take a tag off everybody. The people stay."""
    audit(verb="tag.remove", target=f"tag:{tag.pk}", user=user, name=tag.name)
    _drop(tag)


def _drop(tag: Tag) -> None:
    # By one statement: the collector would load every link.
    ContactTag.objects.filter(tag=tag)._raw_delete("default")
    tag.delete()
