"""The one button of the sample data; the settings page pulls it by its address."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.http import Request
from accounts.services import audit
from common.figures import number
from sample.services import SampleRefused, is_present, remove


@require_GET
def panel(request: Request) -> HttpResponse:
    """A card with the button; nothing where there is no sample data."""
    return render(request, "sample/panel.html", {"is_present": is_present()})


@require_POST
def remove_sample(request: Request) -> HttpResponse:
    try:
        removed = remove()
    except SampleRefused as error:
        messages.error(request, str(error))
        return redirect("accounts:settings")
    audit(verb="sample.remove", target="sample", user=request.user, **removed.to_json())
    messages.success(
        request, _("The sample data is gone: %(people)s people and what they did.") % {"people": number(removed.people)}
    )
    if removed.kept:
        messages.info(
            request,
            ngettext(
                "One list, template or sender stays: your own data uses it.",
                "%(count)s lists, templates or senders stay: your own data uses them.",
                removed.kept,
            )
            % {"count": removed.kept},
        )
    return redirect("accounts:settings")
