"""Keys of other software: made, shown once, looked up by their hash, revoked."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q

from accounts.models import ApiKey, User
from accounts.services import audit
from common.sql import run_hot

MARK = "envol_"  # so that scanners of leaked secrets, and people, know one when they see it
_READ = ("id", "digest", "scopes", "per_minute", "last_used_at")  # the columns of sql/keys_of.sql; others come late
_USE_IS_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with its secret, which nobody can read again."""

    key: ApiKey
    secret: str


def issue_key(*, name: str, scopes: Sequence[str], per_minute: int | None, user: User | None) -> Issued:
    """Make a key. `per_minute`: messages at most, None for no limit."""
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            start=secret[:12],
            digest=_digest(secret),
            scopes=sorted(scopes),
            per_minute=per_minute,
            created_by=user,
        )
        audit(verb="api_key.issue", target=f"api_key:{key.pk}", user=user, name=name, scopes=key.scopes)
    return Issued(key, secret)


def revoke_key(*, key: ApiKey, user: User | None, at: datetime) -> bool:
    """End a key for good; False when it was ended before. Its next call is refused."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
            return False
        audit(verb="api_key.revoke", target=f"api_key:{key.pk}", user=user, name=key.name)
    return True


def keys_of(found: Iterable[str]) -> dict[str, ApiKey]:
    """{secret: key} of those among `found` that hold now, in one statement. Only hashes are compared."""
    digests = {_digest(secret): secret for secret in found if secret.startswith(MARK)}
    if not digests:
        return {}
    rows = run_hot("accounts", "keys_of", {"digests": list(digests)}).fetchall()
    return {digests[row[1]]: ApiKey.from_db(DEFAULT_DB_ALIAS, _READ, row) for row in rows}


def note_use(keys: Iterable[ApiKey], *, at: datetime) -> None:
    """Keep when keys were last used, to the minute: no statement while the last note is younger."""
    since = at - _USE_IS_NOTED
    stale = sorted({key.pk for key in keys if key.last_used_at is None or key.last_used_at < since})
    if stale:
        due = Q(last_used_at=None) | Q(last_used_at__lt=since)
        ApiKey.objects.filter(due, pk__in=stale).update(last_used_at=at)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
