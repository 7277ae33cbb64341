"""Tags: made, renamed, merged, taken off; and those of one person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import Request
from contacts.forms.tags import MergeForm, TagNameForm
from contacts.models import Contact, Tag
from contacts.queries import has_few, tags_shown
from contacts.services import TagRefused, merge_tag, remove_tag, rename_tag, tag_contact, tags_named, untag_contact
from contacts.views.frame import tabs


@require_http_methods(["GET", "POST"])
def table(request: Request) -> HttpResponse:
    """Every tag with how many carry it; the POST makes one. Where they are many the counts follow the page."""
    form = TagNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tags_named([form.cleaned_data["name"]])
        messages.success(request, _("The tag was made."))
        return redirect("contacts:tags")
    is_counted = bool(request.GET.get("counts")) or has_few("contacts_contacttag")
    context = {"tabs": tabs("tags"), "tags": tags_shown(counted=is_counted), "is_counted": is_counted, "form": form}
    return render(request, "contacts/tags.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """One tag: its name, and the ways out of it."""
    tag = get_object_or_404(Tag, pk=pk)
    form = TagNameForm(request.POST or None, initial={"name": tag.name})
    if request.method == "POST" and form.is_valid():
        try:
            rename_tag(tag=tag, name=form.cleaned_data["name"], user=request.user)
        except TagRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:tags")
    return render(request, "contacts/edit_tag.html", {"tag": tag, "form": form, "merge": MergeForm(tag=tag)})


@require_POST
def merge(request: Request, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    form = MergeForm(request.POST, tag=tag)
    if form.is_valid():
        merge_tag(tag=tag, into=form.cleaned_data["into"], user=request.user)
        messages.success(
            request,
            _("Merged: whoever carried “%(old)s” carries “%(new)s” now.")
            % {
                "old": tag.name,
                "new": form.cleaned_data["into"].name,
            },
        )
        return redirect("contacts:tags")
    context = {"tag": tag, "form": TagNameForm(initial={"name": tag.name}), "merge": form}
    return render(request, "contacts/edit_tag.html", context, status=422)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    remove_tag(tag=get_object_or_404(Tag, pk=pk), user=request.user)
    messages.success(request, _("The tag was deleted; its people are still contacts."))
    return redirect("contacts:tags")


@require_POST
def of_contact(request: Request, pk: int) -> HttpResponse:
    """Put a tag on one person, or take one off (`remove`)."""
    contact = get_object_or_404(Contact, pk=pk)
    if (number := request.POST.get("remove", "")).isdigit():
        untag_contact(contact=contact, tag=int(number[:18]))
        return redirect("contacts:contact", pk)
    form = TagNameForm(request.POST)
    if form.is_valid():
        tag_contact(contact=contact, name=form.cleaned_data["name"])
    else:
        messages.error(request, _("A tag is a word or two."))
    return redirect("contacts:contact", pk)
