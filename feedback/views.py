"""The public doors of a mail: pixel, links, unsubscribe, preferences. No login, no script, no cookie.

And the door of providers' webhooks, with the page where the team opens it.

A GET never changes a person's choices: scanners open every link. The token in the address is the secret, so the forms
need no CSRF cookie.
"""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import Request
from accounts.services import organisation
from common import tokens
from common.policies import public_policy
from contacts.guard import client_ip
from contacts.models import Confirmation, Contact
from contacts.services import PAUSES, Witness, pause_contact, request_address, request_own
from delivery.models import Provider
from feedback import webhooks
from feedback.border import DOORS
from feedback.forms import AddressForm, LeavingForm, PreferencesForm, SigningKeyForm, TrackingForm
from feedback.hits import GIF, Hit, store_hits
from feedback.links import NowhereToGo, destination
from feedback.models import Event, Way
from feedback.people import Person, choices_of, lists_of, person_of
from feedback.refusals import Refused
from feedback.services import Answer, Choices, Proof, leave, leaving_reason, save_answers, save_choices
from feedback.troubles import set_aside
from feedback.webhook_setup import accept_topic, new_address, setup_of, store_key

_LANGUAGES = dict(settings.LANGUAGES)
_OWN = {"copy": Confirmation.Kind.COPY, "erase": Confirmation.Kind.ERASURE}


@login_not_required
@public_policy
@never_cache
@require_safe
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """The same image for every token; a good one is stored before it is shown. HEAD is a machine's look."""
    try:
        opened = tokens.decode(token, purpose=tokens.Purpose.OPEN)
    except tokens.BadToken:
        opened = None
    if opened is not None and request.method == "GET":
        store_hits([_hit(request, Event.Kind.OPENED, opened)])
    return HttpResponse(GIF, content_type="image/gif")


@login_not_required
@public_policy
@never_cache
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponseBase:
    """On to where the stored link leads; the click is stored first."""
    try:
        opened = tokens.decode(token, purpose=tokens.Purpose.CLICK)
        target = destination(mailing=opened.mailing, message=opened.message, number=opened.link)
    except (tokens.BadToken, NowhereToGo):
        return _no_such_link(request)
    if request.method == "GET":
        store_hits([_hit(request, Event.Kind.CLICKED, opened)])
    return HttpResponseRedirect(target)


def _hit(request: HttpRequest, kind: Event.Kind, opened: tokens.Token) -> Hit:
    return Hit(
        kind=kind,
        mailing=opened.mailing,
        message=opened.message,
        link=opened.link,
        at=timezone.now(),
        agent=request.META.get("HTTP_USER_AGENT", ""),
    )


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST acts: the page's form says what to leave, the mail program's one click (RFC 8058) says nothing."""
    try:
        opened = tokens.decode(token, purpose=tokens.Purpose.UNSUBSCRIBE)
    except tokens.BadToken:
        return _no_such_link(request)
    person = person_of(mailing=opened.mailing, message=opened.message)
    if request.method != "POST":
        offered = lists_of(person) if person else []
        everything = request.GET.get("all") == "1" or not offered
        return _page(request, "unsubscribe", opened, person, {"lists": offered, "everything": everything})
    scope = _posted_scope(request)
    if scope == "pause" and person and person.contact:
        pause_contact(contact=person.contact, days=max(PAUSES), at=timezone.now())
        return _page(request, "paused", opened, person, {"days": max(PAUSES)})
    everything = scope == "all"
    leave(
        mailing=opened.mailing,
        message=opened.message,
        everything=everything,
        way=Way.LINK if scope else Way.ONE_CLICK,
        at=timezone.now(),
        person=person,
    )
    if not scope:
        return HttpResponse(_("You are unsubscribed."), content_type="text/plain; charset=utf-8")
    return _page(request, "unsubscribed", opened, person, {"everything": everything, "why": LeavingForm()})


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def why(request: HttpRequest, token: str) -> HttpResponse:
    """Why somebody left, asked after it was done and of nobody's concern but theirs."""
    try:
        opened = tokens.decode(token, purpose=tokens.Purpose.UNSUBSCRIBE)
    except tokens.BadToken:
        return _no_such_link(request)
    person = person_of(mailing=opened.mailing, message=opened.message)
    with translation.override(_language(request, person)):
        form = LeavingForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            leaving_reason(mailing=opened.mailing, message=opened.message, at=timezone.now(), **form.cleaned_data)
            return _page(request, "why", opened, person, {"told": True})
    return _page(request, "why", opened, person, {"why": form, "told": False})


def _posted_scope(request: HttpRequest) -> str:
    """What the page's form asks for; nothing for a one-click POST, whatever the state of its body."""
    try:
        if "List-Unsubscribe" in request.POST:
            return ""
        return {"lists": "lists", "all": "all", "pause": "pause"}.get(request.POST.get("scope", ""), "")
    except (MultiPartParserError, RequestDataTooBig, UnreadablePostError):
        return ""


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody receives and what may be measured. Forged, damaged and forgotten tokens get the same answer."""
    known = _known(token, tokens.Purpose.PREFERENCES)
    if known is None:
        return _no_such_link(request)
    opened, person, contact = known
    if request.method == "POST" and request.POST.get("leave") == "all":
        leave(
            mailing=opened.mailing,
            message=opened.message,
            everything=True,
            way=Way.PREFERENCES,
            at=timezone.now(),
            person=person,
        )
        return _page(request, "unsubscribed", opened, person, {"everything": True, "why": LeavingForm()})
    if request.method == "POST" and request.POST.get("act", "save") != "save":
        return _ask_mailbox(request, opened, person, contact)
    with translation.override(_language(request, person)):
        offered = choices_of(contact)
        posted = request.POST if request.method == "POST" else None
        ours = organisation()
        form = PreferencesForm(posted, offered=offered, contact=contact, policy=ours.tracking_policy)
        if form.is_valid():
            _save(request, form, person)
            return _see_other(request)
    saved = posted is None and request.GET.get("saved") == "1"
    shown = {"form": form, "saved": saved, "organisation": ours, "move": AddressForm()}
    response = _page(request, "preferences", opened, person, shown)
    response.status_code = 400 if form.errors else 200
    return response


def _known(token: str, purpose: tokens.Purpose) -> tuple[tokens.Token, Person, Contact] | None:
    """Whom a token opens, where there still is a contact to choose anything for."""
    try:
        opened = tokens.decode(token, purpose=purpose)
    except tokens.BadToken:
        return None
    person = person_of(mailing=opened.mailing, message=opened.message)
    return (opened, person, person.contact) if person and person.contact else None


def _save(request: HttpRequest, form: PreferencesForm, person: Person) -> None:
    chosen = form.cleaned_data
    choices = Choices(
        lists=frozenset(int(number) for number in chosen["lists"]),
        answers=_answers(form),
        language=chosen["language"],
        pause=chosen["pause"],
    )
    save_choices(person=person, choices=choices, proof=_proof(request))


def _answers(form: TrackingForm) -> list[Answer]:
    return [Answer(purpose, form.answer(purpose), form.wording(purpose)) for purpose in form.purposes]


def _proof(request: HttpRequest) -> Proof:
    return Proof(
        at=timezone.now(),
        ip=client_ip(request.META),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:300],
    )


def _ask_mailbox(request: HttpRequest, opened: tokens.Token, person: Person, contact: Contact) -> HttpResponse:
    """What could do harm in a forwarded mail is asked of the mailbox itself: a new address, a copy, erasure."""
    language, proof = _language(request, person), _proof(request)
    witness = Witness(at=proof.at, ip=proof.ip, user_agent=proof.user_agent)
    act = request.POST.get("act", "")
    shown: dict[str, Any] = {"act": act}
    with translation.override(language):
        if act == "address":
            move = AddressForm(request.POST)
            if not move.is_valid():
                return _page(request, "address", opened, person, {"move": move})
            shown["address"] = move.cleaned_data["address"]
            request_address(contact=contact, address=shown["address"], language=language, witness=witness)
        elif act in _OWN:
            request_own(contact=contact, kind=_OWN[act], language=language, witness=witness)
        else:
            return _no_such_link(request)
    return _page(request, "asked", opened, person, shown)


@csrf_exempt
@login_not_required
@public_policy
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tracking(request: HttpRequest, token: str) -> HttpResponse:
    """Only the question whether somebody may be measured: where the block in a message leads."""
    known = _known(token, tokens.Purpose.TRACKING)
    if known is None:
        return _no_such_link(request)
    opened, person, contact = known
    with translation.override(_language(request, person)):
        posted = request.POST if request.method == "POST" else None
        form = TrackingForm(posted, contact=contact, policy=organisation().tracking_policy)
        if form.is_valid():
            save_answers(contact=contact, answers=_answers(form), proof=_proof(request))
            return _see_other(request)
    saved = posted is None and request.GET.get("saved") == "1"
    return _page(request, "tracking", opened, person, {"form": form, "saved": saved})


def _see_other(request: HttpRequest) -> HttpResponse:
    """To the page itself, so that reloading it sends nothing again."""
    query = urlencode({"saved": "1"} | ({"language": chosen} if (chosen := _chosen_language(request)) else {}))
    response = HttpResponseRedirect(f"{request.path}?{query}")
    response.status_code = 303
    return response


@csrf_exempt
@login_not_required
@public_policy
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, provider_id: int, secret: str) -> HttpResponse:
    """What a provider tells: authenticated, then stored, then answered. Some look with GET or HEAD first."""
    if request.method != "POST":
        return HttpResponse(_("Webhooks are taken here by POST."), content_type="text/plain; charset=utf-8")
    try:
        stored = webhooks.receive(request, provider_id=provider_id, secret=secret)
    except RequestDataTooBig:
        return HttpResponse(_("That is too much at once."), status=413, content_type="text/plain; charset=utf-8")
    except Refused as refusal:
        return HttpResponse(str(refusal), status=refusal.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(f"stored {stored}", content_type="text/plain")


@never_cache
@require_http_methods(["GET", "POST"])
def provider_webhooks(request: Request, pk: int) -> HttpResponse:
    """How a provider's webhooks find us. The address holds a secret: it is shown once, in the answer that made it."""
    provider = get_object_or_404(Provider, pk=pk, kind__in=DOORS)
    form = SigningKeyForm(request.POST if "key" in request.POST else None)
    address = ""
    if form.is_valid():
        store_key(provider, key=form.cleaned_data["key"], user=request.user)
        messages.success(request, _("The signing key is stored."))
        return redirect("feedback:provider_webhooks", pk)
    if "accept" in request.POST:
        return _accept_topic(request, provider)
    if request.method == "POST" and not form.is_bound:
        address = new_address(provider, user=request.user)
        provider.refresh_from_db()
    context = {
        "provider": provider,
        "setup": setup_of(provider),
        "address": address,
        "form": form,
        "set_aside": set_aside(provider, limit=10),
    }
    return render(request, "feedback/provider_webhooks.html", context)


def _accept_topic(request: Request, provider: Provider) -> HttpResponse:
    try:
        messages.success(request, _("Accepted: %(topic)s") % {"topic": accept_topic(provider, user=request.user)})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("feedback:provider_webhooks", provider.pk)


def _page(
    request: HttpRequest, name: str, opened: tokens.Token, person: Person | None, more: dict[str, Any]
) -> HttpResponse:
    """One of the pages in the person's language, with links to the others and to the other language."""
    language = _language(request, person)
    with translation.override(language):
        context = more | {
            "person": person,
            "other_languages": _other_languages(language),
            "unsubscribe_token": _sibling(opened, tokens.Purpose.UNSUBSCRIBE),
            "preferences_token": _sibling(opened, tokens.Purpose.PREFERENCES),
        }
        response = render(request, f"feedback/{name}.html", context)
    response["Content-Language"] = language
    return response


def _sibling(opened: tokens.Token, purpose: tokens.Purpose) -> str:
    """The token of the same message for another door."""
    return tokens.encode(purpose, mailing=opened.mailing, message=opened.message)


def _other_languages(language: str) -> list[tuple[str, str]]:
    """(code, name in itself) of the languages a page may be read in instead."""
    names = [(code, get_language_info(code)["name_local"].capitalize()) for code in _LANGUAGES]
    return [(code, name) for code, name in names if code != language]


def _no_such_link(request: HttpRequest) -> HttpResponse:
    language = _language(request, None)
    with translation.override(language):
        context = {"other_languages": _other_languages(language)}
        response = render(request, "feedback/no_such_link.html", context, status=404)
    response["Content-Language"] = language
    return response


def _language(request: HttpRequest, person: Person | None) -> str:
    """What the page's own link asks for, else the person's, else the browser's."""
    known = person.contact.language if person and person.contact else ""
    return _chosen_language(request) or known or translation.get_language() or settings.LANGUAGE_CODE


def _chosen_language(request: HttpRequest) -> str:
    chosen = request.GET.get("language", "")
    return chosen if chosen in _LANGUAGES else ""
