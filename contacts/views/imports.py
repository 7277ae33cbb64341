"""An import, step by step: file → columns → consent → check → run → report. Each step can be left and taken up."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request
from common.paging import page
from contacts.forms.imports import ColumnsForm, ImportConsentForm, UploadForm
from contacts.imports import (
    ImportRefused,
    UnreadableFile,
    cancel_import,
    discard,
    match_columns,
    open_file,
    start_import,
    state_consent,
    try_first_rows,
)
from contacts.imports.queries import column_rows, pace_of, problems_of, reasons_of, recent
from contacts.models import ContactImport
from contacts.services import create_list
from contacts.tasks import run_import
from contacts.views.frame import tabs

_State = ContactImport.State
OPEN = (_State.UPLOADED, _State.MATCHED)


def _steps() -> list[str]:
    return [_("File"), _("Columns"), _("Consent"), _("Check"), pgettext("step", "Import")]


def _step(number: int, job: ContactImport | None = None) -> dict[str, Any]:
    return {"steps": _steps(), "step": number, "job": job, "up": [(_("Imports"), reverse("contacts:imports"))]}


@require_GET
def table(request: Request) -> HttpResponse:
    found = page(recent(), order=("-created_at", "-pk"), cursor=request.GET.get("cursor", ""))
    return render(request, "contacts/imports.html", {"tabs": tabs("imports"), "page": found})


@require_http_methods(["GET", "POST"])
def upload(request: Request) -> HttpResponse:
    """The file is streamed to disk as it arrives; only then is it looked into."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            job, _facts = open_file(file=file, file_name=file.name, user=request.user)
        except UnreadableFile as error:
            form.add_error("file", str(error))
        else:
            return redirect("contacts:import_columns", job.pk)
    return render(request, "contacts/import_file.html", {"form": form, **_step(1)})


@require_http_methods(["GET", "POST"])
def columns(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state not in OPEN:
        return redirect("contacts:import", pk)
    form = ColumnsForm(request.POST or None, job=job)
    if request.method == "POST" and form.is_valid():
        try:
            match_columns(job=job, mapping=form.mapping())
        except ImportRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("contacts:import_consent", pk)
    rows, known = column_rows(job, form)
    return render(
        request, "contacts/import_columns.html", {"form": form, "rows": rows, "known": known, **_step(2, job)}
    )


@require_http_methods(["GET", "POST"])
def consent(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state != _State.MATCHED:
        return redirect("contacts:import_columns" if job.state == _State.UPLOADED else "contacts:import", pk)
    initial = {
        "contact_list": job.contact_list_id,
        "consent_source": job.consent_source,
        "tracking_consent": job.tracking_consent,
    }
    form = ImportConsentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            state_consent(
                job=job,
                contact_list=given["contact_list"] or create_list(name=given["new_list"]),
                consent_source=given["consent_source"],
                tracking_consent=given["tracking_consent"],
            )
        except ImportRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("contacts:import_check", pk)
    return render(request, "contacts/import_consent.html", {"form": form, **_step(3, job)})


@require_http_methods(["GET", "POST"])
def check(request: Request, pk: int) -> HttpResponse:
    """What the first rows would do; the button starts the run in the background."""
    job = get_object_or_404(ContactImport.objects.select_related("contact_list"), pk=pk)
    if job.state not in OPEN:
        return redirect("contacts:import", pk)
    if job.state == _State.UPLOADED:
        return redirect("contacts:import_columns", pk)
    if job.contact_list is None or not job.consent_source:
        return redirect("contacts:import_consent", pk)
    if request.method == "POST":
        return _start(request, job)
    try:
        trial = try_first_rows(job, list_id=job.contact_list_id)
    except UnreadableFile as error:
        messages.error(request, str(error))
        return redirect("contacts:imports")
    context = {
        "trial": trial,
        "problems": problems_of(trial.problems),
        "reasons": reasons_of(dict(trial.reasons)),
        **_step(4, job),
    }
    return render(request, "contacts/import_check.html", context)


def _start(request: Request, job: ContactImport) -> HttpResponse:
    if job.contact_list is None:
        return redirect("contacts:import_consent", job.pk)
    try:
        with transaction.atomic():
            start_import(
                job=job,
                contact_list=job.contact_list,
                consent_source=job.consent_source,
                tracking_consent=job.tracking_consent,
            )
            transaction.on_commit(lambda: run_import.delay(job.pk), robust=True)
    except ImportRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("contacts:import", job.pk)


@require_GET
def show(request: Request, pk: int) -> HttpResponse:
    """Progress while it runs, the report afterwards; asked by htmx, the live part alone."""
    job = get_object_or_404(ContactImport.objects.select_related("contact_list", "user"), pk=pk)
    if job.state in OPEN:
        return redirect("contacts:import_columns", pk)
    context = {
        "pace": pace_of(job, now=timezone.now()),
        "reasons": reasons_of(job.reasons),
        "is_running": job.state == _State.RUNNING,
        **_step(5 if job.state == _State.RUNNING else 6, job),
    }
    if request.htmx and not request.htmx.boosted:
        if not context["is_running"]:
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
    if cancel_import(job=job):
        messages.success(request, _("Stopped. What was imported before stays."))
    return redirect(
        "contacts:imports" if job.state in OPEN else "contacts:import", *([] if job.state in OPEN else [pk])
    )


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state == _State.RUNNING:
        messages.error(request, _("Stop the import first."))
        return redirect("contacts:import", pk)
    discard(job=job)
    messages.success(request, _("Removed from the list; its contacts stay."))
    return redirect("contacts:imports")
