"""Reads that shape a screen."""

from django.db.models import Count, QuerySet

from contacts.models import Contact
from templates_app.models import Template, TemplateVersion

READERS = 12


def gallery(*, text: str = "") -> "QuerySet[Template]":
    """Templates with their current version, without its sources; newest change first by the caller's paging."""
    found = Template.objects.select_related("current").defer("current__source", "current__html")
    return found.filter(name__icontains=text) if text else found


def history(template: Template) -> "QuerySet[TemplateVersion]":
    """A template's versions without their sources."""
    return template.versions.select_related("user").defer("source", "html")


def version_count(template: Template) -> int:
    return template.versions.aggregate(count=Count("pk"))["count"] or 0


def readers(*, text: str = "") -> list[Contact]:
    """Contacts a message can be looked at as: those that match, else the newest."""
    order = ("sort_key", "pk") if text.strip() else ("-created_at", "-pk")
    return list(Contact.objects.search(text).order_by(*order)[:READERS])
