"""An import from its start on: progress, report, refused rows, undo."""

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request
from contacts.imports import ImportRefused, cancel_import, discard, may_lift, refuse_if_too_late, start_undo
from contacts.imports.queries import drift_of, pace_of, reasons_of, undo_of
from contacts.imports.undoing import BLOCK
from contacts.models import ContactImport
from contacts.tasks import run_import
from contacts.views.imports import BEFORE, OPEN, step_of

_State = ContactImport.State
WORKING = (_State.RUNNING, _State.UNDOING)


@require_GET
def show(request: Request, pk: int) -> HttpResponse:
    """Progress while it runs, the report afterwards; asked by htmx, the live part alone."""
    job = get_object_or_404(ContactImport.objects.select_related("contact_list", "user"), pk=pk)
    if job.state in BEFORE:
        return redirect(
            "contacts:import_check" if job.state in (_State.TRYING, _State.TRIED) else "contacts:import_columns", pk
        )
    context = {
        "pace": pace_of(job, now=timezone.now()),
        "reasons": reasons_of(job.reasons),
        "is_running": job.state == _State.RUNNING,
        "is_working": job.state in WORKING,
        "drift": drift_of(job),
        "undo": undo_of(job),
        **step_of(5 if job.state == _State.RUNNING else 6, job),
    }
    if request.htmx and not request.htmx.boosted:
        if not context["is_working"]:
            return HttpResponseClientRefresh()  # the steps and the buttons above change as well
        return render(request, "contacts/import_live.html", context)
    return render(request, "contacts/import.html", context)


@require_GET
def refused(request: Request, pk: int) -> FileResponse:
    """The refused rows, in the file's own columns, with the reason."""
    job = get_object_or_404(ContactImport, pk=pk)
    if not job.refused_file or not job.refused_file.storage.exists(job.refused_file.name or ""):
        raise Http404
    stem = job.file_name.rsplit(".", 1)[0]
    return FileResponse(
        job.refused_file.open("rb"), as_attachment=True, filename=f"{stem}-refused.csv", content_type="text/csv"
    )


@require_POST
def stop(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(ContactImport, pk=pk)
    is_open = job.state in OPEN or job.state == _State.TRYING
    if cancel_import(job=job):
        messages.success(request, _("Given up.") if is_open else _("Stopped. What was imported before stays."))
    return redirect("contacts:imports") if is_open else redirect("contacts:import", pk)


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    """Take an import back, in the background; too late is said at once where the first people show it."""
    job = get_object_or_404(ContactImport, pk=pk)
    try:
        may_lift(job, is_admin=request.user.is_staff)
        refuse_if_too_late(job, most=BLOCK)
        with transaction.atomic():
            start_undo(job=job)
            transaction.on_commit(lambda: run_import.delay(job.pk), robust=True)
    except ImportRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("contacts:import", pk)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state in (*WORKING, _State.TRYING):
        messages.error(request, _("Stop the import first."))
        return redirect("contacts:import", pk)
    discard(job=job)
    messages.success(request, _("Removed from the list; its contacts stay."))
    return redirect("contacts:imports")
