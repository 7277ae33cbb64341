"""Screens of sending: providers, test sends, one message's life, and the message in a browser."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from catcher.parsing import with_new_tabs
from common.policies import message_policy
from common.tokens import BadToken, Purpose, decode
from contacts.models import ContactList
from delivery import ledger, queries
from delivery.capabilities import KINDS, kind_of
from delivery.forms import ListMailForm, ProviderForm, SendTestForm
from delivery.lanes.levels import stumble_of
from delivery.mails import way_problems
from delivery.models import ListMail, Provider
from delivery.own_words import said
from delivery.services import ProviderRefused, save_provider, set_default, test_connection
from delivery.services.testing import test_of_version


@require_GET
def providers(request: Request) -> HttpResponse:
    return render(request, "delivery/providers.html", {"cards": queries.provider_cards(now=timezone.now())})


@require_GET
def choose_kind(request: Request) -> HttpResponse:
    return render(request, "delivery/kinds.html", {"kinds": list(KINDS.values())})


@require_http_methods(["GET", "POST"])
def new_provider(request: Request, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    return _provider_page(request, kind_name=kind, provider=None)


@require_http_methods(["GET", "POST"])
def provider(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Provider, pk=pk)
    return _provider_page(request, kind_name=found.kind, provider=found)


def _provider_page(request: Request, *, kind_name: str, provider: Provider | None) -> HttpResponse:
    kind = kind_of(kind_name)
    form = ProviderForm(request.POST or None, kind=kind, provider=provider)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_provider(form.given(), provider=provider, user=request.user)
        except ProviderRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return _tried(request, saved)
    shown = {"form": form, "kind": kind, "provider": provider, "stumble": stumble_of(provider) if provider else None}
    return render(request, "delivery/provider.html", shown)


@require_POST
def test_provider(request: Request, pk: int) -> HttpResponse:
    """Connect, encrypt, log in; the words of the server become a toast and stay on the card."""
    return _tried(request, get_object_or_404(Provider, pk=pk))


test_provider.__test__ = False  # type: ignore[attr-defined]


def _tried(request: Request, provider: Provider) -> HttpResponse:
    result = test_connection(provider, at=timezone.now())
    if not result.is_good:
        messages.error(
            request, _("%(provider)s answered: %(words)s") % {"provider": provider, "words": said(result.words)}
        )
    elif result.has_logged_in:
        messages.success(request, _("%(provider)s: connected and logged in.") % {"provider": provider})
    else:
        messages.success(request, _("%(provider)s: connected.") % {"provider": provider})
    return redirect("delivery:providers")


@require_POST
def make_default(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Provider, pk=pk)
    set_default(found, user=request.user)
    messages.success(request, _("%(provider)s is used unless another is chosen.") % {"provider": found})
    return redirect("delivery:providers")


@require_http_methods(["GET", "POST"])
def test_send(request: Request) -> HttpResponse:
    """A panel for other pages: ?version=, subject=, preheader=, contact=, sender=, provider= prefill it."""
    if request.method == "GET":
        default = Provider.objects.filter(is_default=True).values_list("pk", flat=True).first()
        form = SendTestForm(initial={"to": request.user.email, "provider": default} | request.GET.dict())
        return render(request, "delivery/test_send.html", {"form": form})
    form = SendTestForm(request.POST)
    results = problems = None
    if form.is_valid():
        results, problems = test_of_version(form.cleaned_data, user=request.user, now=timezone.now())
    return render(request, "delivery/test_send.html", {"form": form, "results": results, "problems": problems})


test_send.__test__ = False  # type: ignore[attr-defined]


@require_GET
def message(request: Request, pk: int) -> HttpResponse:
    """One person's copy: what became of it, each try, the server's words."""
    found = queries.message_life(pk)
    if found is None:
        raise Http404
    return render(request, "delivery/message.html", {"life": found})


@require_POST
def count_as_sent(request: Request, pk: int) -> HttpResponse:
    if ledger.count_as_sent(pk, user=request.user, at=timezone.now()):
        messages.success(request, _("Counted as sent."))
    else:
        messages.error(request, _("This message is not in doubt."))
    return redirect("delivery:message", pk)


@require_POST
def send_again(request: Request, pk: int) -> HttpResponse:
    try:
        ledger.send_again(pk, user=request.user)
    except ledger.NotNow as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("It will be sent again."))
    return redirect("delivery:message", pk)


@login_not_required
@require_GET
@message_policy
def view_in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """The message of the person this token was made for, in its sandbox; it changes nothing and counts nothing."""
    try:
        opened = decode(token, purpose=Purpose.VIEW)
        html = queries.message_html(mailing_id=opened.mailing, message_id=opened.message)
    except BadToken as error:
        raise Http404 from error
    if html is None:
        raise Http404
    response = HttpResponse(with_new_tabs(html))
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "POST"])
def list_mail(request: Request, pk: int) -> HttpResponse:
    """A panel of a list's page: confirmation and welcome mails, and why they would not leave."""
    contact_list = get_object_or_404(ContactList, pk=pk)
    found = ListMail.objects.filter(contact_list=contact_list).first() or ListMail(contact_list=contact_list)
    form = ListMailForm(request.POST or None, instance=found)
    is_saved = False
    if request.method == "POST" and form.is_valid():
        form.save()
        audit(verb="list.mail", target=f"list:{pk}", user=request.user, changed=form.changed_data)
        is_saved = True
    shown = {"form": form, "list": contact_list, "is_saved": is_saved, "problems": way_problems([pk])}
    return render(request, "delivery/list_mail.html", shown)
