"""Bulk changes: prepared, started, watched."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from common.paging import page
from contacts.bulk import ask_change, stop_change
from contacts.filters import Catalogue, Group, Words, WrongFilter, from_json, people, words_of
from contacts.forms.bulk import FORMS, SetFieldForm
from contacts.forms.filters import Asked, asked
from contacts.models import BulkChange, ContactField, ContactList, Tag
from contacts.queries import exact_count, size_of
from contacts.tasks import run_change
from contacts.views.frame import tabs

_Action = BulkChange.Action


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Whom and what, before anything is done; the POST starts it."""
    given = request.POST if request.method == "POST" else request.GET
    action = given.get("action", "")
    if action not in FORMS:
        raise Http404
    if action == _Action.ERASE and not request.user.is_staff:
        raise PermissionDenied
    catalogue = Catalogue()
    wanted = asked(given, catalogue)
    chosen = _chosen(given)
    if wanted.problems:
        messages.error(request, wanted.problems[0])
        return redirect("contacts:list")
    # With a prefix: `tag` and `list` in an address are rules.
    form = FORMS[action](request.POST if request.method == "POST" else None, prefix="to")
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            terms = form.terms(request.user)
            if isinstance(form, SetFieldForm) and terms["value"] is None:
                action = _Action.CLEAR_FIELD
            tree = wanted.tree(among=chosen)
            change = ask_change(tree=tree, action=action, terms=terms, user=request.user)
            transaction.on_commit(lambda: run_change.delay(change.pk), robust=True)
        return redirect("contacts:bulk", change.pk)
    return render(request, "contacts/new_bulk.html", _context(action, wanted, chosen, catalogue) | {"form": form})


def _chosen(given: QueryDict) -> list[int] | None:
    """The people chosen one by one; None for everybody the filter finds."""
    if given.get("everybody"):
        return None
    return [int(number) for number in given.getlist("pk")[:200] if number.isascii() and number.isdigit()]


def _context(action: str, wanted: Asked, chosen: list[int] | None, catalogue: Catalogue) -> dict[str, Any]:
    everyone = people(wanted.tree(among=chosen), now=timezone.now(), catalogue=catalogue)
    return {
        "action": action,
        "title": _Action(action).label,
        "is_erasure": action == _Action.ERASE,
        "is_danger": action in (_Action.ERASE, _Action.SUPPRESS, _Action.UNSUBSCRIBE),
        "asked": wanted,
        "chips": wanted.chips(catalogue),
        "chosen": chosen,
        # Of a few the number is said at once; of everybody it follows, as on the table.
        "size": size_of(everyone, known=exact_count(everyone) if chosen is not None else None),
        "tags": catalogue.tags if action == _Action.TAG else (),
    }


@require_GET
def table(request: Request) -> HttpResponse:
    """The latest bulk changes."""
    rows = BulkChange.objects.select_related("user")
    found = page(rows, order=("-created_at", "-pk"), cursor=request.GET.get("cursor", ""))
    return render(request, "contacts/bulks.html", {"tabs": tabs("list"), "page": found})


@require_GET
def show(request: Request, pk: int) -> HttpResponse:
    """How far one is, and what it did; asked by htmx, that alone."""
    change = get_object_or_404(BulkChange.objects.select_related("user"), pk=pk)
    context = {"change": change, "object": _object(change), "words": _words(change)}
    is_part = request.htmx and not request.htmx.boosted
    return render(request, "contacts/bulk_live.html" if is_part else "contacts/bulk.html", context)


def _object(change: BulkChange) -> str:
    """What the change is about: the tag, list or field by name."""
    for name, model in (("tag", Tag), ("list", ContactList), ("field", ContactField)):
        if name in change.terms:
            row = model.objects.filter(pk=change.terms[name]).first()
            return str(row) if row else _("deleted")
    return ""


def _words(change: BulkChange) -> list[Words]:
    """The frozen filter, as far as it can still be said."""
    catalogue, found = Catalogue(), []
    try:
        tree: Group = from_json(change.filter)
        found = [words_of(rule, catalogue) for rule in tree.rules()]
    except WrongFilter:
        return found
    return found


@require_POST
def stop(request: Request, pk: int) -> HttpResponse:
    change = get_object_or_404(BulkChange, pk=pk)
    if stop_change(change=change):
        messages.success(request, _("Stopped. What was changed so far stays changed."))
    return redirect("contacts:bulk", pk)
