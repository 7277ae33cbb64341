"""What a worker does with an import, by its state; and which imports wait for one."""

from django.db.models import Q

from contacts.imports.journal import WORKING, ClockNow
from contacts.imports.running import run_import
from contacts.imports.trying import try_import
from contacts.imports.undoing import undo_import
from contacts.models import ContactImport

_State = ContactImport.State


def work_on(job: ContactImport) -> None:
    """Try, run or undo it, or nothing where it waits for a person or somebody else has it."""
    work = {_State.TRYING: try_import, _State.RUNNING: run_import, _State.UNDOING: undo_import}
    if do := work.get(_State(job.state)):
        do(job.pk)


def waiting_imports() -> list[int]:
    """Released imports nobody holds: lost with their worker or their message."""
    free = Q(lease_until=None) | Q(lease_until__lt=ClockNow())
    return list(ContactImport.objects.filter(free, state__in=WORKING).order_by("pk").values_list("pk", flat=True))
