"""Lists, and the people of one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from contacts.forms.lists import ListForm
from contacts.models import ContactList
from contacts.queries import has_few, lists_with_counts
from contacts.services import remove_list
from contacts.views.frame import tabs


@require_GET
def table(request: Request) -> HttpResponse:
    """Every list; where subscriptions are many their counts follow the page."""
    is_counted = bool(request.GET.get("counts")) or has_few("contacts_subscription")
    lists = lists_with_counts() if is_counted else ContactList.objects.order_by("name")
    return render(request, "contacts/lists.html", {"tabs": tabs("lists"), "lists": lists, "is_counted": is_counted})


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        audit(verb="list.add", target=f"list:{made.pk}", user=request.user, name=made.name)
        messages.success(request, _("The list was created."))
        return redirect("contacts:lists")
    return render(request, "contacts/edit_list.html", {"form": form})


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    contact_list = get_object_or_404(ContactList, pk=pk)
    form = ListForm(request.POST or None, instance=contact_list)
    if request.method == "POST" and form.is_valid():
        form.save()
        audit(verb="list.change", target=f"list:{pk}", user=request.user, changed=form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("contacts:lists")
    name = ContactList.objects.values_list("name", flat=True).get(pk=pk)
    shown = {"form": form, "list": contact_list, "name": name, "forms": contact_list.forms.order_by("name")}
    return render(request, "contacts/edit_list.html", shown)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    contact_list = get_object_or_404(ContactList, pk=pk)
    audit(verb="list.remove", target=f"list:{pk}", user=request.user, name=contact_list.name)
    remove_list(contact_list=contact_list)
    messages.success(request, _("The list was deleted; its people are still contacts."))
    return redirect("contacts:lists")
