"""The steps of an import before and after its run; every move is a conditional update, and the loser walks away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, Exists, Func, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _

from contacts.imports.mapping import ADDRESS, FIELD, NEW, field_key
from contacts.imports.memory import remember
from contacts.models import (
    ConsentStatement,
    ContactField,
    ContactImport,
    ContactList,
    ImportedContact,
    ImportFinding,
    Suppression,
    Tag,
)
from contacts.services.consent import state_source

_State = ContactImport.State
LEASE = timedelta(minutes=2)  # a chunk takes a second; renewed with each
OPEN = (_State.UPLOADED, _State.MATCHED, _State.TRIED)  # nothing is written yet, nobody works on it
WORKING = (_State.TRYING, _State.RUNNING, _State.UNDOING)
# What a file of people who must not be mailed can be, and what its addresses are kept from.
SCOPES = {
    Suppression.Reason.UNSUBSCRIBED: Suppression.Scope.MARKETING,
    Suppression.Reason.HARD_BOUNCE: Suppression.Scope.ALL,
    Suppression.Reason.COMPLAINED: Suppression.Scope.ALL,
    Suppression.Reason.MANUAL: Suppression.Scope.ALL,
}

_FRESH: dict[str, Any] = {
    "byte_cursor": 0,
    "row_cursor": 0,
    "row_count": 0,
    "created_count": 0,
    "changed_count": 0,
    "unchanged_count": 0,
    "refused_count": 0,
    "kept_out_count": 0,
    "refused_size": 0,
    "started_at": None,
    "finished_at": None,
}


class ImportRefused(ValueError):
    """The import cannot go on; the message says why, in the active language."""


class ClockNow(Func):
    """The database's clock at this very moment: what leases are judged by."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def match_columns(*, job: ContactImport, mapping: Mapping[str, str]) -> None:
    """Store what each column means. Raises ImportRefused where none holds the address, or two do."""
    addresses = [index for index, target in mapping.items() if target == ADDRESS]
    if not addresses:
        columns = ", ".join(str(column) for column in job.columns[:20])
        raise ImportRefused(_("No column holds e-mail addresses. Columns found: %(columns)s.") % {"columns": columns})
    if len(addresses) > 1:
        raise ImportRefused(_("Two columns are matched to the address; choose one."))
    _change(job, among=OPEN, mapping=dict(mapping))
    if job.has_header:
        remember(job.columns, mapping)


def _change(job: ContactImport, *, among: Sequence[str], **values: Any) -> None:
    """Store an answer; the result of an earlier dry run no longer holds. Raises ImportRefused."""
    moved = ContactImport.objects.filter(pk=job.pk, state__in=among).update(state=_State.MATCHED, trial={}, **values)
    if not moved:
        raise ImportRefused(_("This import has started already."))
    job.refresh_from_db()


def state_consent(
    *,
    job: ContactImport,
    contact_list: ContactList,
    consent_source: str,
    tracking_consent: int,
    tags: Sequence[Tag] = (),
) -> None:
    """Remember on what proof people will come in, before anything is started. Raises ImportRefused."""
    _refuse_without_source(consent_source)
    _change(
        job,
        among=(_State.MATCHED, _State.TRIED),
        kind=ContactImport.Kind.PEOPLE,
        suppression_reason=None,
        contact_list=contact_list,
        consent_source=consent_source.strip()[:300],
        tracking_consent=tracking_consent,
        tags=[tag.pk for tag in tags],
    )


def state_suppression(*, job: ContactImport, reason: int) -> None:
    """These people must not be mailed, for `reason` (a key of SCOPES); no list, no consent. Raises ImportRefused."""
    if reason not in SCOPES:
        raise ImportRefused(_("Say why these people must not be mailed."))
    _change(
        job,
        among=(_State.MATCHED, _State.TRIED),
        kind=ContactImport.Kind.SUPPRESS,
        suppression_reason=reason,
        contact_list=None,
        tags=[],
    )


def are_terms_stated(job: ContactImport) -> bool:
    """Whether it was said who these people are."""
    if job.kind == ContactImport.Kind.SUPPRESS:
        return job.suppression_reason is not None
    return job.contact_list_id is not None and bool(job.consent_source)


def start_trial(*, job: ContactImport) -> None:
    """Release the dry run to whoever runs it. Raises ImportRefused."""
    if not are_terms_stated(job):
        raise ImportRefused(_("Say first who these people are."))
    moved = ContactImport.objects.filter(pk=job.pk, state__in=(_State.MATCHED, _State.TRIED)).update(
        state=_State.TRYING, trial={}, error="", lease_until=None, **_FRESH
    )
    if not moved:
        raise ImportRefused(_("This import has started already."))
    job.refresh_from_db()


def _refuse_without_source(consent_source: str) -> None:
    if not consent_source.strip():
        raise ImportRefused(_("Say where the consent comes from: people may only be written to on proof."))


def begin_anew(job: ContactImport) -> None:
    """Counts, cursors and findings as before the first row."""
    for name, value in _FRESH.items():
        setattr(job, name, value)
    job.reasons = {}
    job.refused_file.delete(save=False)
    ImportFinding.objects.filter(contact_import=job.pk).delete()


@transaction.atomic
def start_import(*, job: ContactImport) -> None:
    """Make the new fields, write down the proof, and release the import, tried or not, to whoever runs it.

    Raises ImportRefused where it was not said who these people are, or when it was started or cancelled meanwhile.
    """
    locked = ContactImport.objects.select_for_update().get(pk=job.pk)
    if locked.state not in (_State.MATCHED, _State.TRIED):
        raise ImportRefused(_("This import has started already."))
    if not are_terms_stated(locked):
        _refuse_without_source(locked.consent_source)
        raise ImportRefused(_("The list was deleted; choose another."))
    begin_anew(locked)
    if locked.kind == ContactImport.Kind.PEOPLE:
        locked.statement = state_source(origin=ConsentStatement.Origin.IMPORT, source=locked.consent_source)
        locked.mapping = _with_fields_made(locked)
    locked.state, locked.lease_until = _State.RUNNING, None
    locked.save()
    job.refresh_from_db()


def origin_of(job: ContactImport) -> str:
    """What the suppressions of an import say of where they come from; its undo finds them by it."""
    return f"import #{job.pk}: {job.file_name}"[:200]


def _with_fields_made(job: ContactImport) -> dict[str, str]:
    labels = {target[len(NEW) :]: job.columns[int(index)] for index, target in job.mapping.items() if target[:4] == NEW}
    numbers = make_fields(labels)
    return {
        index: f"{FIELD}{numbers[target[len(NEW) :]]}" if target.startswith(NEW) else target
        for index, target in job.mapping.items()
    }


def make_fields(labels: Mapping[str, str]) -> dict[str, int]:
    """The ids of the fields with these keys; text fields are made where there is none."""
    missing = [ContactField(key=key, label=(_readable(label) or key)[:100]) for key, label in labels.items()]
    ContactField.objects.bulk_create(missing, ignore_conflicts=True)
    return dict(ContactField.objects.filter(key__in=labels).values_list("key", "pk"))


def _readable(label: str) -> str:
    """A column's title as a label: VILLE_DE_NAISSANCE is shouted by exports, not by people."""
    words = " ".join(label.replace("_", " ").split())
    return words.capitalize() if words.isupper() or words.islower() else words


def free_to_take() -> Q:
    """Nobody holds it; and of one ZIP, those who must not be mailed are read before the others join a list."""
    free = Q(lease_until=None) | Q(lease_until__lt=ClockNow())
    before = ContactImport.objects.filter(
        parcel=OuterRef("parcel"), kind=ContactImport.Kind.SUPPRESS, state=_State.RUNNING
    )
    return free & (~Q(state=_State.RUNNING) | Q(kind=ContactImport.Kind.SUPPRESS) | Q(~Exists(before)))


def claim(import_id: int, *, state: str) -> ContactImport | None:
    """Take a released import; None when another worker holds it, its turn has not come, or it is over."""
    released = ContactImport.objects.filter(free_to_take(), pk=import_id, state=state)
    taken = released.update(lease_until=ClockNow() + LEASE)
    if not taken:
        return None
    ContactImport.objects.filter(pk=import_id, started_at=None).update(started_at=ClockNow())
    return ContactImport.objects.get(pk=import_id)


def renew(job: ContactImport) -> bool:
    """Hold it for another while; False when somebody else has it, or a person stopped it."""
    held = ContactImport.objects.filter(pk=job.pk, state=job.state, lease_until=job.lease_until)
    if not held.update(lease_until=ClockNow() + LEASE):
        return False
    job.lease_until = ContactImport.objects.values_list("lease_until", flat=True).get(pk=job.pk)
    return True


def cancel_import(*, job: ContactImport) -> bool:
    """Stop an import. What is merged stays; the running worker stops before its next chunk. False when it was over."""
    live = [*OPEN, _State.TRYING, _State.RUNNING]
    stopped = ContactImport.objects.filter(pk=job.pk, state__in=live).update(
        state=_State.CANCELLED, finished_at=ClockNow(), lease_until=None
    )
    if stopped:
        _let_go(job)
    return bool(stopped)


def finish(job: ContactImport) -> None:
    """Everything is merged."""
    done = ContactImport.objects.filter(pk=job.pk, state=_State.RUNNING).update(
        state=_State.DONE, finished_at=ClockNow(), lease_until=None, byte_cursor=job.file_size
    )
    if done:
        _let_go(job)


def fail(job: ContactImport, error: str) -> None:
    """It cannot go on; what is merged stays, and the counts say so."""
    working = ContactImport.objects.filter(pk=job.pk, state__in=(_State.TRYING, _State.RUNNING))
    if working.update(state=_State.FAILED, error=error, finished_at=ClockNow(), lease_until=None):
        _let_go(job)


def sweep_unstarted(*, at: datetime) -> int:
    """Give up files that nobody started for ContactImport.KEPT, and delete them; returns how many."""
    since = Coalesce("finished_at", "created_at")
    rows = ContactImport.objects.alias(since=since).filter(state__in=OPEN, since__lt=at - ContactImport.KEPT)
    count = 0
    for job in rows.select_related("user").order_by("pk")[:200]:
        with translation.override((job.user and job.user.language) or None):
            why = _("Nobody started it for %(days)d days, so the file was deleted.") % {"days": ContactImport.KEPT.days}
        swept = ContactImport.objects.filter(pk=job.pk, state=job.state)
        if swept.update(state=_State.CANCELLED, error=why, finished_at=at, lease_until=None, reasons={}):
            if job.refused_file:
                job.refused_file.delete(save=False)
            _let_go(job)
            count += 1
    return count


def start_undo(*, job: ContactImport) -> None:
    """Release the undo to whoever runs it. Raises ImportRefused."""
    over = (_State.DONE, _State.CANCELLED, _State.FAILED)
    moved = ContactImport.objects.filter(pk=job.pk, state__in=over, row_cursor__gt=0).update(
        state=_State.UNDOING, error="", undone={}, undo_cursor=0, lease_until=None
    )
    if not moved:
        raise ImportRefused(_("There is nothing to undo."))
    job.refresh_from_db()


def discard(*, job: ContactImport) -> None:
    """Remove an import that is over from the list, with its files. Contacts stay."""
    for file in (job.file, job.refused_file):
        if file:
            file.delete(save=False)
    ImportedContact.objects.filter(contact_import_id=job.pk).delete()
    job.delete()


def _let_go(job: ContactImport) -> None:
    """People's data is not kept longer than it is needed: what the undo asks for stays."""
    ImportedContact.objects.filter(contact_import_id=job.pk, effect=0).delete()
    ImportFinding.objects.filter(contact_import=job.pk).delete()
    job.file.storage.delete(job.file.name or "")


def new_key(label: str) -> str:
    """The target of a column that becomes a new field."""
    return NEW + field_key(label)
