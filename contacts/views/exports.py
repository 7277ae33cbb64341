"""Exports: asked for, watched, fetched by a signed link."""

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from accounts.services import audit
from common.paging import page
from contacts.exports import LinkExpired, ask_export, check_token, link_token
from contacts.filters import Catalogue
from contacts.forms.exports import ExportForm
from contacts.forms.filters import asked
from contacts.models import ContactExport
from contacts.tasks import run_export
from contacts.views.frame import tabs

_State = ContactExport.State


@require_GET
def table(request: Request) -> HttpResponse:
    """The latest exports and how far they are; asked by htmx, the rows alone."""
    found = page(
        ContactExport.objects.select_related("user"),
        order=("-created_at", "-pk"),
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "tabs": tabs("imports"),
        "page": found,
        "rows": [(job, link_token(job) if job.state == _State.DONE else "") for job in found.rows],
        "is_working": any(job.state in (_State.WAITING, _State.RUNNING) for job in found.rows),
    }
    is_part = request.htmx and not request.htmx.boosted
    return render(request, "contacts/exports_live.html" if is_part else "contacts/exports.html", context)


@require_POST
def new(request: Request) -> HttpResponse:
    form = ExportForm(request.POST)
    wanted = asked(request.POST, Catalogue())
    if not form.is_valid() or wanted.problems:
        messages.error(request, _("This filter cannot be exported."))
        return redirect("contacts:list")
    with transaction.atomic():
        job = ask_export(tree=wanted.tree(), format=form.cleaned_data["format"], user=request.user)
        transaction.on_commit(lambda: run_export.delay(job.pk), robust=True)
    return redirect("contacts:exports")


@require_GET
def fetch(request: Request, token: str) -> FileResponse:
    """The file. A link that is forged, foreign or older than a week opens nothing."""
    try:
        job = get_object_or_404(ContactExport, pk=check_token(token), state=_State.DONE)
    except LinkExpired as error:
        raise Http404 from error
    if not job.file or not job.file.storage.exists(job.file.name or ""):
        raise Http404
    audit(verb="contacts.export.fetch", target=f"export:{job.pk}", user=request.user)
    return FileResponse(job.file.open("rb"), as_attachment=True, filename=f"contacts-{job.pk}.{job.format}")
