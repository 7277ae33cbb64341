"""Finding any message, and all the doubts of a mailing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from common.paging import page
from delivery import ledger
from delivery.finding import find
from delivery.models import Mailing, Outcome
from delivery.reasons import Reason


@require_GET
def finder(request: Request) -> HttpResponse:
    """One message found is shown at once; several are a list."""
    text = request.GET.get("q", "").replace("\x00", "")[:400]
    lines = find(text)
    if len(lines) == 1:
        return redirect("delivery:message", lines[0].pk)
    return render(request, "delivery/finder.html", {"text": text.strip(), "lines": lines})


@require_GET
def doubts(request: Request, pk: int) -> HttpResponse:
    mailing = get_object_or_404(Mailing, pk=pk)
    rows = Outcome.objects.filter(mailing=mailing, state=Outcome.State.UNKNOWN).select_related("message")
    cut = page(rows, order=("message_id",), cursor=request.GET.get("cursor", ""))
    context = {
        "mailing": mailing,
        "page": cut,
        "rows": [(row, Reason(row.reason).label) for row in cut.rows],
        "count": ledger.ledger_of(pk, with_reasons=False).unknown,
    }
    return render(request, "delivery/doubts.html", context)


@require_POST
def settle_doubts(request: Request, pk: int) -> HttpResponse:
    """A person's word about every doubt of a mailing."""
    get_object_or_404(Mailing, pk=pk)
    is_again = "again" in request.POST
    settle = ledger.send_all_again if is_again else ledger.count_all_as_sent
    done = settle(pk, user=request.user)
    counts = {"count": done.people}
    if is_again and done.people:
        said = ngettext("%(count)s message will be sent again.", "%(count)s messages will be sent again.", done.people)
        messages.success(request, said % counts)
    elif done.people:
        said = ngettext("%(count)s message counted as sent.", "%(count)s messages counted as sent.", done.people)
        messages.success(request, said % counts)
    elif not done.early:
        messages.warning(request, _("Nothing is in doubt any more."))
    if done.early:
        said = ngettext(
            "%(count)s worker may still be at it: ten minutes after the doubt arose it can be sent again.",
            "%(count)s workers may still be at it: ten minutes after the doubts arose they can be sent again.",
            done.early,
        )
        messages.warning(request, said % {"count": done.early})
    return redirect("delivery:doubts", pk)
