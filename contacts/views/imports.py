"""An import until it starts: file → columns → consent → dry run. Each step can be left and taken up."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request
from common.paging import page
from contacts.forms.imports import ColumnsForm, ImportConsentForm, UploadForm
from contacts.imports import (
    ImportRefused,
    UnreadableFile,
    match_columns,
    open_files,
    siblings_of,
    start_import,
    start_trial,
    state_consent,
    state_suppression,
)
from contacts.imports.journal import are_terms_stated
from contacts.imports.memory import recall
from contacts.imports.queries import column_rows, findings_of, reasons_of, recent, recognition_of, shown_findings
from contacts.models import ContactImport, Tag
from contacts.services import create_list, tags_named
from contacts.tasks import run_import
from contacts.views.frame import tabs

_State = ContactImport.State
_Kind = ContactImport.Kind
OPEN = (_State.UPLOADED, _State.MATCHED, _State.TRIED)
BEFORE = (*OPEN, _State.TRYING)


def step_of(number: int, job: ContactImport | None = None) -> dict[str, Any]:
    """What the frame of every step shows."""
    steps = [_("File"), _("Columns"), _("People"), _("Dry run"), pgettext("step", "Import")]
    return {"steps": steps, "step": number, "job": job, "up": [(_("Imports"), reverse("contacts:imports"))]}


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
            jobs = open_files(file=file, file_name=file.name, user=request.user)
        except UnreadableFile as error:
            form.add_error("file", str(error))
        else:
            return redirect("contacts:import_parcel" if len(jobs) > 1 else "contacts:import_columns", jobs[0].pk)
    return render(request, "contacts/import_file.html", {"form": form, **step_of(1)})


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
    try:
        rows, known = column_rows(job, form)
    except UnreadableFile as error:
        messages.error(request, str(error))
        return redirect("contacts:imports")
    context = {
        "form": form,
        "rows": rows,
        "known": known,
        "platform": recognition_of(job),
        "is_remembered": job.state == _State.UPLOADED and bool(recall(job.columns)),
        **step_of(2, job),
    }
    return render(request, "contacts/import_columns.html", context)


@require_http_methods(["GET", "POST"])
def consent(request: Request, pk: int) -> HttpResponse:
    """Who these people are; what is said here starts the dry run."""
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state not in (_State.MATCHED, _State.TRIED):
        return redirect("contacts:import_columns" if job.state == _State.UPLOADED else "contacts:import", pk)
    initial = {
        "kind": job.kind,
        "suppression_reason": job.suppression_reason,
        "contact_list": job.contact_list_id,
        "consent_source": job.consent_source,
        "tracking_consent": job.tracking_consent,
        "tags": ", ".join(Tag.objects.filter(pk__in=job.tags).values_list("name", flat=True)),
    }
    form = ImportConsentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                _state_terms(job, form.cleaned_data)
                start_trial(job=job)
                transaction.on_commit(lambda: run_import.delay(job.pk), robust=True)
        except ImportRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("contacts:import_check", pk)
    context = {"form": form, "platform": recognition_of(job), **step_of(3, job)}
    return render(request, "contacts/import_consent.html", context)


def _state_terms(job: ContactImport, given: dict[str, Any]) -> None:
    if given["kind"] == _Kind.SUPPRESS:
        state_suppression(job=job, reason=given["suppression_reason"])
        return
    state_consent(
        job=job,
        contact_list=given["contact_list"] or create_list(name=given["new_list"]),
        consent_source=given["consent_source"],
        tracking_consent=given["tracking_consent"],
        tags=tags_named(given["tags"]),
    )


@require_http_methods(["GET", "POST"])
def check(request: Request, pk: int) -> HttpResponse:
    """The dry run: its progress, then what would change; the button starts the run in the background."""
    job = get_object_or_404(ContactImport.objects.select_related("contact_list"), pk=pk)
    if job.state not in BEFORE:
        return redirect("contacts:import", pk)
    if job.state == _State.UPLOADED:
        return redirect("contacts:import_columns", pk)
    if not are_terms_stated(job):
        return redirect("contacts:import_consent", pk)
    if request.method == "POST":
        return _start(request, job)
    if job.state == _State.MATCHED:
        return redirect("contacts:import_consent", pk)
    if job.state != _State.TRYING and request.htmx and not request.htmx.boosted:
        return HttpResponseClientRefresh()  # the dry run has ended under a page that was looking on
    if job.state == _State.TRYING:
        context: dict[str, Any] = {"is_trying": True, **step_of(4, job)}
        is_part = request.htmx and not request.htmx.boosted
        return render(request, "contacts/import_trying.html" if is_part else "contacts/import_check.html", context)
    context = {
        "is_trying": False,
        "trial": job.trial,
        "writes": job.trial["created_count"] + job.trial["changed_count"],
        "reasons": reasons_of(job.reasons),
        "findings": shown_findings(job),
        "tags": Tag.objects.filter(pk__in=job.tags),
        **step_of(4, job),
    }
    return render(request, "contacts/import_check.html", context)


@require_GET
def findings(request: Request, pk: int, kind: str) -> HttpResponse:
    """All that a dry run kept of one kind: new, changed, refused, out."""
    job = get_object_or_404(ContactImport, pk=pk)
    if job.state != _State.TRIED:
        return redirect("contacts:import", pk)
    found = findings_of(job, kind, cursor=request.GET.get("cursor", ""))
    context = {"found": found, "page": found.page, "kind": kind, **step_of(4, job)}
    return render(request, "contacts/import_findings.html", context)


@require_POST
def try_again(request: Request, pk: int) -> HttpResponse:
    """The dry run once more: contacts may have changed since."""
    job = get_object_or_404(ContactImport, pk=pk)
    try:
        with transaction.atomic():
            start_trial(job=job)
            transaction.on_commit(lambda: run_import.delay(job.pk), robust=True)
    except ImportRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("contacts:import_check", pk)


def _start(request: Request, job: ContactImport) -> HttpResponse:
    try:
        with transaction.atomic():
            start_import(job=job)
            transaction.on_commit(lambda: run_import.delay(job.pk), robust=True)
    except ImportRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("contacts:import_check", job.pk)
    rest = sum(1 for row in siblings_of(job) if row.state in OPEN)
    if rest:
        messages.info(
            request,
            ngettext("One more table of the ZIP is waiting.", "%(count)d more tables of the ZIP are waiting.", rest)
            % {"count": rest},
        )
    return redirect("contacts:import", job.pk)
