"""Fields of one's own."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from contacts.bulk import ask_change
from contacts.field_indexes import MOST_FAST
from contacts.filters import EVERYBODY
from contacts.forms.fields import FieldForm
from contacts.models import BulkChange, ContactField
from contacts.queries import count_values
from contacts.services import FieldRefused, archive_field, change_field, create_field, restore_field
from contacts.tasks import run_change, tend_field_indexes
from contacts.views.frame import tabs

_Speed = ContactField.Speed


@require_GET
def table(request: Request) -> HttpResponse:
    """Every field, the archived ones last; while one is being indexed the rows ask again by themselves."""
    fields = sorted(ContactField.objects.all(), key=lambda row: (row.archived_at is not None, row.label.lower()))
    context = {
        "tabs": tabs("fields"),
        "fields": fields,
        "is_working": any(row.speed == _Speed.WAITING for row in fields),
        "fast_count": sum(row.speed != _Speed.PLAIN for row in fields),
        "most_fast": MOST_FAST,
    }
    is_part = request.htmx and not request.htmx.boosted
    return render(request, "contacts/fields_live.html" if is_part else "contacts/fields.html", context)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = FieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            field = create_field(user=request.user, **form.cleaned_data)
        except FieldRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            _ring(field)
            messages.success(request, _("The field was made."))
            return redirect("contacts:fields")
    return render(request, "contacts/edit_field.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    field = get_object_or_404(ContactField, pk=pk)
    form = FieldForm(request.POST or None, field=field)
    if request.method == "POST" and form.is_valid():
        try:
            change_field(field=field, user=request.user, **form.cleaned_data)
        except FieldRefused as refusal:
            form.add_error("is_fast", str(refusal))
        else:
            _ring(field)
            messages.success(request, _("Saved."))
            return redirect("contacts:fields")
    label = ContactField.objects.values_list("label", flat=True).get(pk=pk)
    return render(request, "contacts/edit_field.html", {"form": form, "field": field, "label": label})


def _ring(field: ContactField) -> None:
    if field.speed == _Speed.WAITING:  # autocommit: the field is stored
        tend_field_indexes.apply_async(expires=50)  # the sweep finds it anyway


@require_GET
def count(request: Request, pk: int) -> HttpResponse:
    """How many people have a value: read in a moment of its own, so that no page waits for it."""
    field = get_object_or_404(ContactField, pk=pk)
    return render(request, "contacts/field_count.html", {"count": count_values(field)})


@require_POST
def archive(request: Request, pk: int) -> HttpResponse:
    """Put a field away, or offer it again."""
    field = get_object_or_404(ContactField, pk=pk)
    if request.POST.get("restore"):
        restore_field(field=field, user=request.user)
        messages.success(request, _("The field is offered again."))
    else:
        archive_field(field=field, user=request.user)
        messages.success(request, _("The field was archived; its values are kept."))
    return redirect("contacts:fields")


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    """Put a field away at once, and delete it once its last value is: a bulk change, with its page."""
    field = get_object_or_404(ContactField, pk=pk)
    with transaction.atomic():
        archive_field(field=field, user=request.user)
        change = ask_change(
            tree=EVERYBODY,
            action=BulkChange.Action.CLEAR_FIELD,
            terms={"field": pk, "drop": True},
            user=request.user,
        )
        transaction.on_commit(lambda: run_change.delay(change.pk), robust=True)
    return redirect("contacts:bulk", change.pk)
