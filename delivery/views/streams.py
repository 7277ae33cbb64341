"""Streams: what holds for each kind of mail, and through whom it leaves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from delivery import failover
from delivery.forms.streams import PlaceForm, StreamForm
from delivery.models import Provider, Stream
from delivery.services.streams import (
    StreamRefused,
    add_provider,
    drop_provider,
    move_provider,
    remove_stream,
    save_stream,
)
from delivery.streampages import places_of, stream_rows


@require_GET
def streams(request: Request) -> HttpResponse:
    return render(request, "delivery/streams.html", {"rows": stream_rows()})


@require_http_methods(["GET", "POST"])
def new_stream(request: Request) -> HttpResponse:
    return _page(request, None)


@require_http_methods(["GET", "POST"])
def stream(request: Request, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Stream, pk=pk))


def _page(request: Request, found: Stream | None) -> HttpResponse:
    form = StreamForm(request.POST or None, stream=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_stream(form.given(), stream=found, user=request.user)
        except StreamRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("delivery:stream", saved.pk)
    shown = {"form": form, "stream": found}
    if found is not None:
        shown = shown | places_of(found, now=timezone.now())
    return render(request, "delivery/stream.html", shown)


@require_POST
def place(request: Request, pk: int) -> HttpResponse:
    """A provider added to a stream's order, moved in it, or taken out."""
    found = get_object_or_404(Stream, pk=pk)
    form = PlaceForm(request.POST)
    if form.is_valid():
        chosen = {"stream": found, "provider": form.cleaned_data["provider"], "user": request.user}
        match form.cleaned_data["do"]:
            case "add":
                add_provider(**chosen)
            case "up":
                move_provider(**chosen, by=-1)
            case "down":
                move_provider(**chosen, by=1)
            case "drop":
                drop_provider(**chosen)
    else:
        messages.error(request, _("Choose one of those offered."))
    return redirect("delivery:stream", pk)


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    try:
        remove_stream(stream=get_object_or_404(Stream, pk=pk), user=request.user)
    except StreamRefused as refused:
        messages.error(request, str(refused))
        return redirect("delivery:stream", pk)
    messages.success(request, _("Stream removed."))
    return redirect("delivery:streams")


@require_POST
def use_again(request: Request, pk: int) -> HttpResponse:
    """A person's word that an account is well: the next batches are tried through it."""
    found = get_object_or_404(Provider, pk=pk)
    if failover.end_outages(found.pk, user=request.user, now=timezone.now()):
        messages.success(request, _("%(provider)s is used again.") % {"provider": found})
    return redirect("delivery:providers")
