"""The gallery, the editor, and the routes its previews are shown from."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import Request
from common.paging import page
from common.policies import message_policy
from contacts.models import Contact
from templates_app import looks, queries, services
from templates_app.editor import editor_context, reader_variables
from templates_app.forms import LookForm, NewTemplateForm, TemplateForm
from templates_app.liquid import CannotRender
from templates_app.models import Template, TemplateVersion
from templates_app.problems import SourceErrors
from templates_app.rendering import compile_source
from templates_app.rendering import render as render_message
from templates_app.starters import STARTERS, starter_html, starter_source
from templates_app.variables import known_names

GALLERY_SIZE = 12
HISTORY_SIZE = 20


@require_GET
def gallery(request: Request) -> HttpResponse:
    text = request.GET.get("q", "").strip().replace("\x00", "")
    rows = page(
        queries.gallery(text=text),
        order=["-updated_at", "-pk"],
        cursor=request.GET.get("cursor", ""),
        size=GALLERY_SIZE,
    )
    return render(request, "templates_app/list.html", {"page": rows, "search": text})


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    form = NewTemplateForm(request.POST or None, initial={"language": request.LANGUAGE_CODE[:2]})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        template = services.create_template(
            name=chosen["name"],
            language=chosen["language"],
            source=starter_source(chosen["starter"], chosen["language"]),
            user=request.user,
        )
        return redirect("templates:edit", template.pk)
    return render(request, "templates_app/new.html", {"form": form, "starters": STARTERS})


@require_GET
@message_policy
def starter(request: Request, key: str, language: str) -> HttpResponse:
    """What a starter looks like, with nobody's values."""
    try:
        html = starter_html(key, language)
    except KeyError as error:
        raise Http404 from error
    return HttpResponse(looks.shown(render_message(html, reader_variables(None), language=language)))


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """The editor. A source with errors is not saved: it stays in the form, the good version stays current."""
    template = get_object_or_404(Template.objects.select_related("current"), pk=pk)
    source = template.current.source if template.current else ""
    form = TemplateForm(request.POST or None, instance=template, initial={"source": source})
    if request.method == "POST" and form.is_valid():
        try:
            services.save_edit(template=template, user=request.user, **form.cleaned_data)
        except SourceErrors:
            messages.error(request, _("Not saved: the source has errors. The last good version stays in use."))
        else:
            messages.success(request, _("Saved."))
            return redirect("templates:edit", pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "templates_app/edit.html", editor_context(form), status=status)


@require_POST
def check(request: Request) -> HttpResponse:
    """What there is to say about a source, for the panel beside it."""
    look = _look(request)
    report = looks.report_on(look["source"], known=known_names(), variables=reader_variables(look["reader"]))
    return render(request, "templates_app/_checks.html", {"report": report, "clip": looks.CLIP})


@require_POST
@message_policy
def message(request: Request) -> HttpResponse:
    """A source as one person would read it, for its own frame."""
    look = _look(request)
    try:
        html = compile_source(look["source"]).html
        html = render_message(html, reader_variables(look["reader"]), language=look["language"])
    except (SourceErrors, CannotRender):
        return render(request, "templates_app/message_errors.html", status=422)
    return HttpResponse(looks.shown(html, theme=look["theme"] or "light"))


@require_GET
@message_policy
def version(request: Request, pk: int) -> HttpResponse:
    """A saved version, for thumbnails, the history and the editor's first look (`?reader=`)."""
    found = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
    variables = reader_variables(_reader(request.GET.get("reader", "")))
    return HttpResponse(looks.shown(render_message(found.html, variables, language=found.template.language)))


@require_GET
def versions(request: Request, pk: int) -> HttpResponse:
    template = get_object_or_404(Template, pk=pk)
    rows = page(queries.history(template), order=["-pk"], cursor=request.GET.get("cursor", ""), size=HISTORY_SIZE)
    context = {"template": template, "page": rows, "count": queries.version_count(template)}
    return render(request, "templates_app/versions.html", context)


@require_POST
def restore(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
    try:
        services.restore_version(version=found, user=request.user)
    except SourceErrors:
        messages.error(request, _("This version does not pass today's checks, so it was not restored."))
    else:
        messages.success(request, _("Restored as a new version."))
    return redirect("templates:edit", found.template_id)


@require_POST
def duplicate(request: Request, pk: int) -> HttpResponse:
    template = get_object_or_404(Template.objects.select_related("current"), pk=pk)
    copy = services.duplicate_template(template=template, user=request.user)
    messages.success(request, _("Copied."))
    return redirect("templates:edit", copy.pk)


@require_POST
def delete(request: Request, pk: int) -> HttpResponse:
    template = get_object_or_404(Template, pk=pk)
    try:
        services.delete_template(template=template)
    except services.TemplateInUse:
        messages.error(request, _("A campaign was written with this template, so it stays."))
        return redirect("templates:edit", pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": template.name})
    return redirect("templates:list")


@require_GET
def readers(request: Request) -> HttpResponse:
    """Options for "read as": the contacts that match what was typed."""
    text = request.GET.get("who", "").strip().replace("\x00", "")
    return render(request, "templates_app/_readers.html", {"readers": queries.readers(text=text)})


def _look(request: Request) -> dict[str, Any]:
    form = LookForm(request.POST)
    form.is_valid()
    values = {"source": "", "reader": None, "theme": "light"} | form.cleaned_data
    values["language"] = values.get("language") or "fr"
    values["source"] = values["source"].replace("\r\n", "\n").replace("\r", "\n")
    values["reader"] = _reader(str(values["reader"] or ""))
    return values


def _reader(pk: str) -> Contact | None:
    return Contact.objects.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
