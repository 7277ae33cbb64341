"""What a person chose for the columns of a file, offered when a file comes with the same titles."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from django.utils import timezone

from contacts.imports.mapping import FIELD, NEW, NOTHING, field_key
from contacts.models import ColumnMemory, ContactField


def digest_of(columns: Sequence[str]) -> str:
    """SHA-256 of the titles, in order."""
    return hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()


def remember(columns: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Keep a choice; the latest stands."""
    ColumnMemory.objects.update_or_create(
        digest=digest_of(columns), defaults={"mapping": dict(mapping), "used_at": timezone.now()}
    )


def recall(columns: Sequence[str]) -> dict[str, str]:
    """The latest choice for these titles, as far as its fields are still there; empty when there was none."""
    found = ColumnMemory.objects.filter(digest=digest_of(columns)).values_list("mapping", flat=True).first()
    if not found:
        return {}
    by_key = dict(ContactField.objects.values_list("key", "pk"))
    numbers = set(by_key.values())
    return {index: _still(target, columns[int(index)], by_key, numbers) for index, target in found.items()}


def _still(target: str, column: str, by_key: Mapping[str, int], numbers: set[int]) -> str:
    if target.startswith(NEW):
        number = by_key.get(target[len(NEW) :])
        return f"{FIELD}{number}" if number else target
    if target.startswith(FIELD) and int(target[len(FIELD) :]) not in numbers:
        return NEW + field_key(column) if column else NOTHING
    return target
