"""Words a team puts on people."""

from collections.abc import Sequence

from contacts.models import Tag


def tags_named(names: Sequence[str]) -> list[Tag]:
    """The tags of these names; made where there are none."""
    Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(name__in=names))
