"""Subscribe forms: built with a preview beside, shared as a page or as HTML."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from accounts.services import audit
from contacts.forms.builder import BuilderForm
from contacts.forms.public import JoinForm
from contacts.models import ContactList, SubscribeForm
from contacts.queries import forms_with_counts
from contacts.services import save_form
from contacts.views.frame import tabs


@require_GET
def subscribe_forms(request: Request) -> HttpResponse:
    return render(request, "contacts/forms/forms.html", {"rows": forms_with_counts(), "tabs": tabs("forms")})


@require_http_methods(["GET", "POST"])
def new_form(request: Request) -> HttpResponse:
    return _builder(request, SubscribeForm())


@require_http_methods(["GET", "POST"])
def edit_form(request: Request, pk: int) -> HttpResponse:
    return _builder(request, get_object_or_404(SubscribeForm, pk=pk))


def _builder(request: Request, made: SubscribeForm) -> HttpResponse:
    is_new, name = made.pk is None, made.name
    form = BuilderForm(request.POST or None, instance=made, initial=_proposed(request) if is_new else None)
    if request.method == "POST" and form.is_valid():
        made = save_form(form=form.built(), lists=list(form.cleaned_data["lists"]))
        verb = "form.add" if is_new else "form.change"
        audit(verb=verb, target=f"form:{made.pk}", user=request.user, changed=form.changed_data)
        messages.success(request, _("Form created.") if is_new else _("Saved."))
        return redirect("contacts:edit_form", made.pk)
    shown = {"form": form, "made": None if is_new else made, "name": name}
    return render(request, "contacts/forms/builder.html", shown | _sharing(made, is_new=is_new))


def _proposed(request: Request) -> dict[str, object]:
    """A new form begins with the list it was asked for from."""
    return {"lists": [number for number in request.GET.getlist("list") if number.isdigit()]}


def _sharing(made: SubscribeForm, *, is_new: bool) -> dict[str, object]:
    if is_new:
        return {}
    url = f"{settings.ENVOL_URL}/s/{made.slug}/"
    return {"page_url": url, "snippets": [(code, snippet_of(made, code)) for code in made.languages]}


def snippet_of(made: SubscribeForm, language: str) -> str:
    """HTML for somebody's own site: plain, without script or style, posting to us."""
    with translation.override(language):
        join = JoinForm(None, form=made, language=language)
        url = f"{settings.ENVOL_URL}/s/{made.slug}/"
        shown = {"join": join, "form": made, "words": join.words, "url": url, "language": language}
        text = render_to_string("contacts/forms/snippet.html", shown)
    return "\n".join(line for line in text.splitlines() if line.strip())


@require_POST
def preview_form(request: Request) -> HttpResponse:
    """What people would see of what is entered so far; nothing is stored."""
    pk = request.POST.get("pk", "")
    made = (SubscribeForm.objects.filter(pk=pk).first() if pk.isdigit() else None) or SubscribeForm()
    form = BuilderForm(request.POST, instance=made)
    form.is_valid()
    built = form.built()
    chosen = request.POST.get("shown", "")
    language = chosen if chosen in built.words else built.language
    with translation.override(language):
        join = JoinForm(None, form=built, language=language)
        join.show_lists(_entered_lists(request))
        shown = {"join": join, "form": built, "words": join.words, "language": language}
        return render(request, "contacts/forms/preview.html", shown)


def _entered_lists(request: Request) -> list[ContactList]:
    numbers = [int(number) for number in request.POST.getlist("lists") if number.isdigit()]
    return list(ContactList.objects.filter(pk__in=numbers))


@require_POST
def delete_form(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(SubscribeForm, pk=pk)
    audit(verb="form.remove", target=f"form:{pk}", user=request.user, name=found.name)
    found.delete()
    messages.success(request, _("Form removed. Who joined through it stays, with the proof."))
    return redirect("contacts:forms")
