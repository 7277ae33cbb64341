"""What the pages of contacts share: their tabs."""

from django.urls import reverse
from django.utils.translation import gettext as _


def tabs(current: str) -> list[dict[str, object]]:
    """The tabs above the tables; `current` is the route's name."""
    words = {
        "list": _("Contacts"),
        "lists": _("Lists"),
        "tags": _("Tags"),
        "fields": _("Fields"),
        "forms": _("Subscribe forms"),
        "imports": _("Imports"),
        "suppressions": _("Suppressions"),
        "hygiene": _("Hygiene"),
    }
    return [
        {"word": word, "url": reverse(f"contacts:{name}"), "is_current": name == current}
        for name, word in words.items()
    ]
