"""The contact table: found by any filter, in the columns one has chosen; it never waits for a count."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from common.paging import page
from contacts.columns import cells_of, choose, chosen_by, offered
from contacts.filters import Catalogue, WrongFilter, people
from contacts.forms.filters import added, asked, subject_of
from contacts.models import BulkChange, ContactExport
from contacts.queries import exact_count, size_of
from contacts.views.frame import tabs

ORDERS = {"name": ("sort_key", "pk"), "-name": ("-sort_key", "-pk"), "added": ("pk",), "-added": ("-pk",)}
_PAGE = 25


@require_GET
def table(request: Request) -> HttpResponse:
    """A page of contacts. A rule just put together joins the others in the address."""
    catalogue = Catalogue()
    wanted = asked(request.GET, catalogue)
    try:
        if rule := added(request.GET, catalogue):
            wanted.rules += [rule] if rule not in wanted.rules else []
            return redirect(reverse("contacts:list") + wanted.query)
    except WrongFilter as problem:
        wanted.problems.append(str(problem))
    for problem_words in dict.fromkeys(wanted.problems):
        messages.error(request, problem_words)
    sort = request.GET.get("sort", "")
    # What a search finds comes newest first: in the order of names the planner would walk to it through everybody.
    sort = sort if sort in ORDERS and not wanted.text else "-added"
    everyone = people(wanted.tree(), now=timezone.now(), catalogue=catalogue)
    found = page(everyone, order=ORDERS[sort], cursor=request.GET.get("cursor", ""), size=_PAGE)
    columns = chosen_by(request.user, catalogue.fields)
    is_all_here = not (found.before or found.after)
    context = {
        "tabs": tabs("list"),
        "page": found,
        "columns": columns,
        "rows": cells_of(found.rows, columns),
        "size": size_of(everyone, known=len(found.rows) if is_all_here else None),
        "asked": wanted,
        "chips": wanted.chips(catalogue),
        "search": wanted.text,
        "sort": sort,
        "subjects": list(catalogue.offered()),
        "offered": offered(catalogue.fields),
        "chosen": {column.name for column in columns},
        "formats": ContactExport.Format.choices,
        "actions": _actions(request),
    }
    return render(request, "contacts/list.html", context)


def _actions(request: Request) -> list[dict[str, str]]:
    """What can be done to those chosen: the bulk changes, in the order of how often they are wanted."""
    Action = BulkChange.Action
    found = [
        {"name": Action.TAG, "word": _("Put a tag on"), "icon": "tag", "kind": ""},
        {"name": Action.UNTAG, "word": _("Take a tag off"), "icon": "tag-off", "kind": ""},
        {"name": Action.SUBSCRIBE, "word": _("Add to a list"), "icon": "list-check", "kind": ""},
        {"name": Action.SET_FIELD, "word": _("Fill in a field"), "icon": "pencil", "kind": ""},
        {"name": Action.UNSUBSCRIBE, "word": _("Take off a list"), "icon": "user-minus", "kind": "danger"},
        {"name": Action.SUPPRESS, "word": _("Never write to again"), "icon": "ban", "kind": "danger"},
    ]
    if request.user.is_staff:
        found.append({"name": Action.ERASE, "word": _("Erase"), "icon": "trash", "kind": "danger"})
    return found


@require_GET
def count(request: Request) -> HttpResponse:
    """How many people the filter finds, exactly: asked for by the page once it is there."""
    catalogue = Catalogue()
    wanted = asked(request.GET, catalogue)
    everyone = people(wanted.tree(), now=timezone.now(), catalogue=catalogue)
    number = exact_count(everyone)
    return render(request, "contacts/count.html", {"size": size_of(everyone, known=number)})


@require_GET
def rule(request: Request) -> HttpResponse:
    """The operators of a subject and the input of a value, as a person puts a rule together."""
    try:
        subject, operator = subject_of(request.GET, Catalogue())
    except WrongFilter:
        return HttpResponse("")
    context = {"subject": subject, "operator": operator, "takes": subject.takes(operator)}
    return render(request, "contacts/filter_rule.html", context)


@require_POST
def columns(request: Request) -> HttpResponse:
    """Remember the columns this user wants to see."""
    catalogue = Catalogue()
    choose(user=request.user, names=request.POST.getlist("column"), fields=catalogue.fields)
    return redirect(reverse("contacts:list") + asked(request.POST, catalogue).query)
