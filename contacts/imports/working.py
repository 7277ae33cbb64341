"""What a worker does with an import, by its state; and which imports wait for one."""

from uuid import UUID

from contacts.imports.journal import WORKING, free_to_take
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


def waiting_imports(*, parcel: UUID | None = None) -> list[int]:
    """Released imports nobody holds, lost with their worker or their message; of one ZIP alone, if it is named."""
    waiting = ContactImport.objects.filter(free_to_take(), state__in=WORKING)
    if parcel is not None:
        waiting = waiting.filter(parcel=parcel)
    return list(waiting.order_by("pk").values_list("pk", flat=True))
