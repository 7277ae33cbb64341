"""One person's proof of consent, as a document to hand over."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.http import Request
from contacts.holdings import consents_as_proof
from contacts.models import Contact


@require_GET
def proof(request: Request, pk: int) -> HttpResponse:
    """HTML to read and print; with ?format=json, for machines. Always a download."""
    contact = get_object_or_404(Contact, pk=pk)
    rows = consents_as_proof(contact)
    answer: HttpResponse
    if request.GET.get("format") == "json":
        answer = JsonResponse(
            {"address": contact.address, "made_at": timezone.now().isoformat(), "consents": rows},
            json_dumps_params={"ensure_ascii": False, "indent": 2},
        )
        name = f"consent-{pk}.json"
    else:
        shown = {"contact": contact, "rows": rows, "now": timezone.now()}
        answer = HttpResponse(render_to_string("contacts/proof.html", shown, request=request))
        name = f"consent-{pk}.html"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
