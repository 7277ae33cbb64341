"""What the editor page is made from."""

import json
from typing import Any

from django.utils.translation import gettext as _

from contacts.models import Contact, ContactField
from templates_app import looks, queries
from templates_app.forms import TemplateForm
from templates_app.liquid import OWN_NAMES
from templates_app.mjml.spec import REFUSED, TAGS
from templates_app.variables import CONTACT_COLUMNS, contact_variables, known_names, preview_variables


def reader_variables(contact: Contact | None) -> dict[str, Any]:
    """The variables of a message read by `contact`; None is somebody of whom nothing is known."""
    return preview_variables(contact_variables(contact or Contact()), list_name=_("Newsletter"))


def editor_context(form: TemplateForm) -> dict[str, Any]:
    """Everything the page shows, for the source now in the form."""
    people = queries.readers()
    reader = people[0] if people else None
    source = str(form["source"].value() or "").replace("\r\n", "\n").replace("\r", "\n")
    known = known_names()
    return {
        "form": form,
        "template": form.instance,
        "report": looks.report_on(source, known=known, variables=reader_variables(reader)),
        "clip": looks.CLIP,
        "readers": people,
        "reader": reader,
        "fields": _fields(),
        "tags": json.dumps(sorted(set(TAGS) - REFUSED)),
        "names": json.dumps(sorted(known)),
        "phrases": json.dumps(_phrases()),
    }


def _fields() -> list[tuple[str, str]]:
    """Liquid to insert, and what it is, for the menu of fields."""
    labels = {"first_name": _("First name"), "last_name": _("Last name"), "email": _("Address")}
    rows = [(f"contact.{name}", labels[name]) for name in CONTACT_COLUMNS if name in labels]
    rows += [(f"contact.{key}", label) for key, label in ContactField.objects.values_list("key", "label")]
    own = {
        "unsubscribe_url": _("Unsubscribe link"),
        "preferences_url": _("Preferences link"),
        "view_in_browser_url": _("View in browser link"),
        "tracking_choice_url": _("Link to the question about measuring"),
        "list.name": _("Name of the list"),
        "organisation.name": _("Organisation"),
        "organisation.address": _("Postal address"),
    }
    return rows + [(name, label) for name, label in own.items() if name in OWN_NAMES]


def _phrases() -> dict[str, str]:
    """The source editor's own words (CodeMirror), in the reader's language."""
    return {
        "Find": _("Find"),
        "Replace": _("Replace"),
        "next": _("next"),
        "previous": _("previous"),
        "all": _("all"),
        "match case": _("match case"),
        "by word": _("whole words"),
        "regexp": _("regular expression"),
        "replace": _("replace"),
        "replace all": _("replace all"),
        "close": _("close"),
        "Go to line": _("Go to line"),
        "go": _("go"),
        "current match": _("current match"),
        "on line": _("on line"),
        "Diagnostics": _("Problems"),
        "No diagnostics": _("No problems"),
        "Control character": _("Control character"),
        "Folded lines": _("Folded lines"),
        "Unfolded lines": _("Unfolded lines"),
        "folded code": _("folded"),
        "unfold": _("unfold"),
        "Fold line": _("Fold"),
        "Unfold line": _("Unfold"),
        "Completions": _("Completions"),
    }
