"""Words a team puts on people."""

from collections.abc import Sequence

from contacts.models import Contact, ContactTag, Tag


def tags_named(names: Sequence[str]) -> list[Tag]:
    """The tags of these names; made where there are none."""
    Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=names))


def set_tags(*, contact: Contact, names: Sequence[str]) -> None:
    """Exactly these tags on one person."""
    wanted = tags_named(names)
    ContactTag.objects.filter(contact=contact).exclude(tag__in=wanted).delete()
    ContactTag.objects.bulk_create([ContactTag(contact=contact, tag=tag) for tag in wanted], ignore_conflicts=True)
