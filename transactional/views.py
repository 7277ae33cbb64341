"""The pages of transactional mail: what was asked for, the keys of other software, how to call."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.api_keys import issue_key, revoke_key
from accounts.http import Request
from accounts.models import ApiKey
from common.paging import page
from transactional import queries
from transactional.calls import MOST
from transactional.door import PATH
from transactional.forms import ApiKeyForm


@require_GET
def log(request: Request) -> HttpResponse:
    """Every message other software asked for, the latest first."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:400]
    key = request.GET.get("key", "")
    chosen = int(key) if key.isascii() and key.isdigit() and len(key) < 10 else None
    cut = page(queries.log(key=chosen, text=text), order=("-pk",), cursor=request.GET.get("cursor", ""))
    keys = ApiKey.objects.order_by("name", "pk")
    context = {
        "tabs": _tabs("log"),
        "page": cut,
        "lines": queries.lines(cut.rows),
        "text": text,
        "keys": keys,
        "chosen": chosen,
    }
    return render(request, "transactional/log.html", context)


@require_GET
def keys(request: Request) -> HttpResponse:
    rows = ApiKey.objects.select_related("created_by").order_by(F("revoked_at").asc(nulls_first=True), "-pk")
    context = {"tabs": _tabs("keys"), "rows": [(row, _scopes(row), f"revoke-{row.pk}") for row in rows]}
    return render(request, "transactional/keys.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def new_key(request: Request) -> HttpResponse:
    """The secret is shown once, in the answer that made it."""
    _administrators_only(request)
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        issued = issue_key(user=request.user, **form.cleaned_data)
        context = {"issued": issued, "url": settings.ENVOL_URL + PATH}
        return render(request, "transactional/issued.html", context)
    return render(request, "transactional/new_key.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
def revoke(request: Request, pk: int) -> HttpResponse:
    _administrators_only(request)
    key = get_object_or_404(ApiKey, pk=pk)
    if revoke_key(key=key, user=request.user, at=timezone.now()):
        messages.success(request, _("“%(name)s” is revoked: its next call is refused.") % {"name": key})
    return redirect("transactional:keys")


@require_GET
def guide(request: Request) -> HttpResponse:
    context = {"tabs": _tabs("guide"), "url": settings.ENVOL_URL + PATH, "most": MOST}
    return render(request, "transactional/guide.html", context)


def _administrators_only(request: Request) -> None:
    """A key can write in the organisation's name."""
    if not request.user.is_staff:
        raise PermissionDenied


def _scopes(key: ApiKey) -> list[str]:
    labels = dict(ApiKey.Scope.choices)
    return [str(labels[scope]) for scope in key.scopes if scope in labels]


def _tabs(current: str) -> list[dict[str, object]]:
    words = {
        "log": pgettext("transactional", "Messages"),
        "keys": _("API keys"),
        "guide": _("How to call it"),
    }
    return [
        {"word": word, "url": reverse(f"transactional:{name}"), "is_current": name == current}
        for name, word in words.items()
    ]
