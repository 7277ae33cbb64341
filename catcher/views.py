"""The inbox of caught mail."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from catcher.models import CaughtMessage
from catcher.parsing import letter_of, readable, with_new_tabs
from catcher.queries import inbox as inbox_messages
from catcher.services import empty_inbox
from common.paging import page
from common.policies import message_policy

PAGE_SIZE = 40
VIEWS = ("message", "text", "source", "headers")


@require_GET
def inbox(request: Request) -> HttpResponse:
    """The list; asked by htmx, its rows alone."""
    return _mailbox(request, opened=None)


@require_GET
def message(request: Request, pk: int) -> HttpResponse:
    """One message beside the list."""
    return _mailbox(request, opened=pk)


def _mailbox(request: Request, *, opened: int | None) -> HttpResponse:
    search = request.GET.get("q", "").strip().replace("\x00", "")
    context = {
        "page": page(
            inbox_messages(search=search), order=["-pk"], cursor=request.GET.get("cursor", ""), size=PAGE_SIZE
        ),
        "search": search,
        "opened": opened,
        "today": timezone.localdate().isoformat(),
    }
    if request.htmx:
        return render(request, "catcher/rows.html", context)
    if opened is not None:
        caught = get_object_or_404(CaughtMessage, pk=opened)
        source = bytes(caught.source)
        letter = letter_of(source)
        wanted = request.GET.get("view", "")
        context |= {
            "caught": caught,
            "letter": letter,
            "view": wanted if wanted in VIEWS else "message",
            "is_phone": request.GET.get("screen") == "phone",
            "source": readable(source) if wanted == "source" else "",
            "unsubscribes": _how_it_unsubscribes(dict(letter.headers)),
        }
    return render(request, "catcher/inbox.html", context)


def _how_it_unsubscribes(headers: dict[str, str]) -> str:
    """What a mailbox would offer: "one-click" (RFC 8058), "link" or nothing."""
    if "List-Unsubscribe" not in headers:
        return ""
    return "one-click" if "One-Click" in headers.get("List-Unsubscribe-Post", "") else "link"


@require_GET
@message_policy
def body(request: Request, pk: int) -> HttpResponse:
    """The HTML of a message under its own sandboxed policy; links open in a new tab."""
    caught = get_object_or_404(CaughtMessage, pk=pk)
    return HttpResponse(with_new_tabs(letter_of(bytes(caught.source)).html))


@require_GET
def download(request: Request, pk: int) -> HttpResponse:
    """The message as a file, octet by octet."""
    caught = get_object_or_404(CaughtMessage, pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="message-{pk}.eml"'}
    return HttpResponse(bytes(caught.source), content_type="message/rfc822", headers=headers)


@require_POST
def clear(request: Request) -> HttpResponse:
    count = empty_inbox()
    messages.success(
        request,
        ngettext("One message deleted.", "%(count)s messages deleted.", count) % {"count": count}
        if count
        else _("The test inbox was empty already."),
    )
    return redirect("catcher:inbox")
