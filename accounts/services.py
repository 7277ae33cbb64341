"""The verbs of accounts."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import AuditEntry, Organisation, User


class WrongKeys(Exception):
    """The database was written with other keys than this installation holds."""


@dataclass(frozen=True, slots=True)
class OwnerAccess:
    """What to print once; `password` is None when the owner was there already and nothing was changed."""

    email: str
    password: str | None
    created: bool


def organisation() -> Organisation:
    """The one organisation; made with defaults on the first call."""
    found = Organisation.objects.filter(pk=1).first()
    return found or Organisation.objects.get_or_create(pk=1)[0]


def set_up_organisation(*, organisation: Organisation, at: datetime) -> Organisation:
    """Store the first visit's answers, already checked by the form."""
    organisation.pk = 1
    organisation.set_up_at = organisation.set_up_at or at
    organisation.save()
    return organisation


@transaction.atomic
def ensure_owner(*, email: str, reset: bool) -> OwnerAccess:
    """Make the owner on a new installation, or give the existing one a new password. Never shows an old one."""
    owner = User.objects.filter(is_superuser=True).order_by("pk").first()
    if owner and not reset:
        return OwnerAccess(email=owner.email, password=None, created=False)
    password = secrets.token_urlsafe(12)
    if owner is None:
        User.objects.create_superuser(email, password)
        return OwnerAccess(email=email, password=password, created=True)
    owner.set_password(password)
    owner.is_active = True
    owner.save(update_fields=["password", "is_active"])
    return OwnerAccess(email=owner.email, password=password, created=False)


def check_keys() -> None:
    """Remember the key rings' fingerprints at the first start; raise WrongKeys when they are not the same later."""
    ours = settings.KEYS.fingerprints()
    row = organisation()
    if not row.key_fingerprints:
        Organisation.objects.filter(pk=1, key_fingerprints={}).update(key_fingerprints=ours)
    elif row.key_fingerprints != ours:
        raise WrongKeys(
            "The keys are not the ones this database was written with: put back its keys.json, "
            "or its links would not verify and its provider passwords could not be read."
        )


def audit(*, verb: str, target: str, user: User | None, **details: Any) -> None:
    """Append one entry; call it in the transaction of what it describes."""
    AuditEntry.objects.create(verb=verb, target=target, user=user, details=details)
