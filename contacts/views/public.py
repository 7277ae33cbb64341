"""The public doors of contacts: subscribe, confirm. No login, no script, no cookie.

Forms stand on other people's sites, so a CSRF token cannot be asked for: the guard and the mailbox take its place.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import get_language_info
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common import tokens
from common.policies import public_policy
from contacts.addresses import address_key
from contacts.forms.public import JoinForm
from contacts.guard import POSTS_AN_HOUR, Verdict, again_address, again_token, client_ip, count_posts, judge, stamp
from contacts.holdings import copy_of
from contacts.models import Confirmation, ContactList, SubscribeForm
from contacts.services import (
    ConfirmationExpired,
    ContactRefused,
    Witness,
    ask_again,
    confirm_address,
    confirm_copy,
    confirm_erasure,
    confirm_joining,
    confirm_staying,
    post_form,
    send_again,
)

_LANGUAGES = dict(settings.LANGUAGES)
Kind, State = Confirmation.Kind, Confirmation.State


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """A form's own page, and where embedded ones post to. The answer is the same whoever the address belongs to."""
    form = SubscribeForm.objects.filter(slug=slug, is_active=True).first()
    if form is None:
        return _page(request, "no_such_form", _language(request, ""), status=404)
    language = _form_language(request, form)
    with translation.override(language):
        if request.method == "POST" and "again" in request.POST:
            return _again(request, form, language)
        join = JoinForm(request.POST if request.method == "POST" else None, form=form, language=language)
        if not join.is_bound:
            return _form_page(request, join)
        verdict = _verdict(request)
        if verdict is Verdict.SLOW:
            return _page(request, "slow", language, status=429)
        if not join.is_valid():
            return _form_page(request, join, status=400)
        if verdict is Verdict.ASK:
            return _form_page(request, join, once_more=True)
        if verdict is Verdict.PASS:
            post_form(form=form, posted=join.posted(), witness=_witness(request))
        return _look(request, form, language, address=join.cleaned_data["email"])


def _look(
    request: HttpRequest, form: SubscribeForm, language: str, *, address: str, again: bool = False
) -> HttpResponse:
    shown: dict[str, Any] = {
        "address": address,
        "form": form,
        "token": again_token(address),
        "is_again": again,
        "code": language,
    }
    return _page(request, "look", language, **shown)


def _again(request: HttpRequest, form: SubscribeForm, language: str) -> HttpResponse:
    """The button of the page before. The answer is the same whether a mail leaves or not."""
    address = again_address(request.POST.get("again", ""))
    if not address:
        return _page(request, "no_such_link", language, status=404)
    if count_posts(client_ip(request.META), at=timezone.now()) > POSTS_AN_HOUR:
        return _page(request, "slow", language, status=429)
    send_again(key=address_key(address), witness=_witness(request))
    return _look(request, form, language, address=address, again=True)


def _verdict(request: HttpRequest) -> Verdict:
    return judge(
        ip=client_ip(request.META),
        stamped=request.POST.get("t", ""),
        trap=request.POST.get("website", ""),
        at=timezone.now(),
    )


def _form_page(request: HttpRequest, join: JoinForm, *, once_more: bool = False, status: int = 200) -> HttpResponse:
    offered = [code for code in join.form.languages if code != join.language]
    return _page(
        request,
        "subscribe",
        join.language,
        status=status,
        stamp=stamp(at=timezone.now()),
        others=offered,
        join=join,
        form=join.form,
        words=join.words,
        once_more=once_more,
    )


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link of a confirmation mail leads. GET asks; the button acts; an old link offers a new mail."""
    confirmation = _confirmation(token)
    if confirmation is None:
        return _page(request, "no_such_link", _language(request, ""), status=404)
    language = _language(request, confirmation.language)
    with translation.override(language):
        if request.method == "POST" and request.POST.get("act") == "again":
            sent = ask_again(confirmation, at=timezone.now())
            return _page(request, "again", language, confirmation=confirmation, sent=sent)
        if request.method == "POST":
            return _answer(request, confirmation, language)
        if confirmation.state == State.CONFIRMED and confirmation.kind != Kind.COPY:
            return _confirmed(request, confirmation, language)
        if _is_over(confirmation):
            return _page(request, "expired", language, confirmation=confirmation)
        return _page(
            request,
            "confirm",
            language,
            confirmation=confirmation,
            lists=_lists(confirmation),
            kind=_kind(confirmation),
        )


def _is_over(confirmation: Confirmation) -> bool:
    return confirmation.state == State.EXPIRED or confirmation.expires_at <= timezone.now()


def _confirmation(token: str) -> Confirmation | None:
    try:
        opened = tokens.decode(token, purpose=tokens.Purpose.CONFIRM)
    except tokens.BadToken:
        return None
    return Confirmation.objects.select_related("contact", "form").filter(pk=opened.message).first()


def _kind(confirmation: Confirmation) -> str:
    return Kind(confirmation.kind).name.lower()


def _lists(confirmation: Confirmation) -> list[ContactList]:
    return list(ContactList.objects.filter(pk__in=confirmation.lists))


def _answer(request: HttpRequest, confirmation: Confirmation, language: str) -> HttpResponse:
    witness = _witness(request)
    try:
        match confirmation.kind:
            case Kind.SUBSCRIBE:
                confirmation = confirm_joining(confirmation.pk, witness=witness)
            case Kind.ADDRESS:
                confirmation = confirm_address(confirmation.pk, witness=witness)
            case Kind.COPY:
                found = confirm_copy(confirmation.pk, witness=witness)
                return _copy(found, witness)
            case Kind.STAY:
                confirmation = confirm_staying(confirmation.pk, witness=witness)
            case Kind.ERASURE:
                confirm_erasure(confirmation.pk, witness=witness)
                return _page(request, "erased", language)
    except ConfirmationExpired:
        return _page(request, "expired", language, confirmation=confirmation)
    except ContactRefused as refusal:
        return _page(request, "refused", language, why=str(refusal), status=409)
    except Confirmation.DoesNotExist:
        return _page(request, "no_such_link", language, status=404)
    return _confirmed(request, confirmation, language)


def _copy(confirmation: Confirmation, witness: Witness) -> HttpResponse:
    answer = JsonResponse(
        copy_of(confirmation.contact, at=witness.at), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


def _confirmed(request: HttpRequest, confirmation: Confirmation, language: str) -> HttpResponse:
    form = confirmation.form
    words = form.words_in(language) if form else {}
    return _page(
        request,
        "confirmed",
        language,
        confirmation=confirmation,
        lists=_lists(confirmation),
        kind=_kind(confirmation),
        form=form,
        words=words,
    )


def _page(request: HttpRequest, name: str, language: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """One of the pages in its language, with links to the same page in the others."""
    others = context.pop("others", None)
    codes = [code for code in _LANGUAGES if code != language] if others is None else others
    with translation.override(language):
        context["other_languages"] = [(code, get_language_info(code)["name_local"].capitalize()) for code in codes]
        response = render(request, f"contacts/public/{name}.html", context, status=status)
    response["Content-Language"] = language
    return response


def _language(request: HttpRequest, known: str) -> str:
    """What the page's own link asks for, else the person's, else the browser's."""
    chosen = request.GET.get("language", "")
    return chosen if chosen in _LANGUAGES else known or translation.get_language() or settings.LANGUAGE_CODE


def _form_language(request: HttpRequest, form: SubscribeForm) -> str:
    """Of those the form has words in; an embedded form says which one it is in."""
    asked = (request.GET.get("language", ""), request.POST.get("language", ""), translation.get_language() or "")
    return next((code for code in asked if code in form.words), form.language)


def _witness(request: HttpRequest) -> Witness:
    return Witness(
        at=timezone.now(), ip=client_ip(request.META), user_agent=request.META.get("HTTP_USER_AGENT", "")[:300]
    )
