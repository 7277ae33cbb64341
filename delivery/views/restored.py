"""The page after a restored backup: what waits for a decision, and letting sending go on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from delivery import guard
from delivery.models import Mailing
from delivery.restored import restored
from delivery.services import cancel_mailing, resume_mailing


@require_GET
def page(request: Request) -> HttpResponse:
    return render(request, "delivery/restored.html", {"restored": restored()})


@require_POST
def decide(request: Request, pk: int) -> HttpResponse:
    """One mailing: write to those the backup calls waiting (`go_on`), or to nobody else."""
    mailing = get_object_or_404(Mailing, pk=pk, state=Mailing.State.PAUSED, pause_reason=guard.RESTORED)
    if "go_on" in request.POST:
        resume_mailing(pk, user=request.user)
        messages.success(request, _("“%(name)s” goes on with those who were waiting.") % {"name": mailing.name})
    else:
        cancel_mailing(pk, user=request.user)
        messages.success(request, _("“%(name)s” writes to nobody else.") % {"name": mailing.name})
    return redirect("delivery:restored")


@require_POST
def release(request: Request) -> HttpResponse:
    if guard.release(user=request.user):
        messages.success(request, _("Sending goes on. What nobody decided about stays paused."))
    return redirect("delivery:restored")
