"""The tables of one ZIP: one answer for all, their dry runs side by side, one start."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request
from contacts.forms.imports import ParcelForm
from contacts.imports import Answer, ImportRefused, siblings_of, start_all, try_all
from contacts.imports.journal import OPEN, WORKING
from contacts.imports.queries import recognition_of
from contacts.models import ContactImport
from contacts.services import create_list, tags_named
from contacts.tasks import run_import
from contacts.views.imports import step_of

_State = ContactImport.State


@require_http_methods(["GET", "POST"])
def show(request: Request, pk: int) -> HttpResponse:
    """Every table with how far it is; asked by htmx, the tables alone. What is said here starts all dry runs."""
    job = get_object_or_404(ContactImport, pk=pk)
    tables = siblings_of(job)
    is_working = any(table.state in WORKING for table in tables)
    is_part = request.htmx and not request.htmx.boosted
    if is_part and not is_working:
        return HttpResponseClientRefresh()  # the buttons above and below change as well
    open_ones = [table for table in tables if table.state in OPEN]
    asks = any(table.kind == ContactImport.Kind.PEOPLE for table in open_ones)
    form = ParcelForm(request.POST or None) if asks else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            with transaction.atomic():
                _ring(try_all(job=job, answer=_answer(form.cleaned_data) if form else None))
        except ImportRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("contacts:import_parcel", pk)
    context: dict[str, Any] = {
        "rows": [(table, recognition_of(table)) for table in tables],
        "form": form,
        "is_working": is_working,
        "is_open": bool(open_ones),
        "is_tried": any(table.state == _State.TRIED for table in tables) and not is_working,
        **step_of(4 if any(table.trial for table in tables) else 1),
        "job": job,
    }
    return render(request, "contacts/import_parcel_live.html" if is_part else "contacts/import_parcel.html", context)


def _answer(given: dict[str, Any]) -> Answer:
    return Answer(
        contact_list=given["contact_list"] or create_list(name=given["new_list"]),
        consent_source=given["consent_source"],
        tracking_consent=given["tracking_consent"],
        tags=tags_named(given["tags"]),
    )


@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """All tables that were tried, in the background; those who must not be mailed first."""
    job = get_object_or_404(ContactImport, pk=pk)
    try:
        with transaction.atomic():
            numbers = start_all(job=job)
            _ring(numbers)
    except ImportRefused as refusal:
        messages.error(request, str(refusal))
    else:
        if not numbers:
            messages.error(request, _("Nothing to start: check the tables first."))
    return redirect("contacts:import_parcel", pk)


def _ring(numbers: list[int]) -> None:
    def ring() -> None:
        for number in numbers:
            run_import.delay(number)

    transaction.on_commit(ring, robust=True)
