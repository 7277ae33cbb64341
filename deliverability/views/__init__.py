"""Senders: who mail comes from."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from common.paging import page
from deliverability.forms import BounceForm, SenderForm
from deliverability.models import Sender
from deliverability.services import (
    BrokenSender,
    SenderInUse,
    change_sender,
    ensure_sender,
    is_public_mailbox,
    remove_sender,
    set_bounce_address,
)


@require_GET
def senders(request: Request) -> HttpResponse:
    found = page(
        Sender.objects.select_related("domain"), order=["name", "pk"], cursor=request.GET.get("cursor", ""), size=50
    )
    rows = [(sender, is_public_mailbox(sender)) for sender in found.rows]
    return render(request, "deliverability/senders.html", {"page": found, "rows": rows})


@require_http_methods(["GET", "POST"])
def new_sender(request: Request) -> HttpResponse:
    form = SenderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        sender = ensure_sender(**form.cleaned_data)
        audit(verb="sender.add", target=f"sender:{sender.pk}", user=request.user, address=sender.address)
        messages.success(request, _("Sender added."))
        return redirect("deliverability:senders")
    return render(request, "deliverability/sender.html", {"form": form})


@require_http_methods(["GET", "POST"])
def sender(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Sender, pk=pk)
    form = SenderForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_sender(sender=get_object_or_404(Sender, pk=pk), **form.cleaned_data)
        except BrokenSender as error:
            form.add_error(error.field, str(error))
        else:
            audit(verb="sender.change", target=f"sender:{pk}", user=request.user, address=found.address)
            messages.success(request, _("Saved."))
            return redirect("deliverability:senders")
    return _sender_page(request, found, form=form, bounces=None)


def _sender_page(request: Request, found: Sender, *, form: SenderForm, bounces: BounceForm | None) -> HttpResponse:
    stored = Sender.objects.select_related("domain").get(pk=found.pk)
    shown = {
        "form": form,
        "sender": found,
        "name": stored.name,
        "domain": stored.domain,
        "bounces": bounces or BounceForm(initial={"bounce_address": stored.domain.bounce_address}),
    }
    return render(request, "deliverability/sender.html", shown)


@require_POST
def bounces(request: Request, pk: int) -> HttpResponse:
    """Where bounces of the sender's domain go."""
    found = get_object_or_404(Sender.objects.select_related("domain"), pk=pk)
    form = BounceForm(request.POST)
    if form.is_valid():
        try:
            set_bounce_address(domain=found.domain, address=form.cleaned_data["bounce_address"])
        except BrokenSender as error:
            form.add_error("bounce_address", str(error))
        else:
            audit(verb="domain.bounces", target=f"domain:{found.domain_id}", user=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("deliverability:sender", pk)
    return _sender_page(request, found, form=SenderForm(instance=found), bounces=form)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Sender, pk=pk)
    try:
        remove_sender(sender=found)
    except SenderInUse as error:
        messages.error(request, str(error))
        return redirect("deliverability:sender", pk)
    audit(verb="sender.remove", target=f"sender:{pk}", user=request.user, address=found.address)
    messages.success(request, _("Sender removed."))
    return redirect("deliverability:senders")
