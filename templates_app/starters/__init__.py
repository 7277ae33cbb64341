"""Sources to begin with: a newsletter, an announcement, a plain letter, in French and in English."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from templates_app.rendering import compile_source

_FOLDER = Path(__file__).parent
LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Starter:
    key: str
    name: str | Promise
    purpose: str | Promise


STARTERS = (
    Starter("newsletter", _("Newsletter"), _("A main story and two short pieces")),
    Starter("announcement", _("Announcement"), _("One piece of news, one button: an invitation, a launch")),
    Starter("letter", _("Simple letter"), _("A few lines signed by somebody, without pictures")),
)


@cache
def starter_source(key: str, language: str) -> str:
    """The MJML of one starter. Raises KeyError for a key or language there is not."""
    if key not in {starter.key for starter in STARTERS} or language not in LANGUAGES:
        raise KeyError(key)
    return (_FOLDER / f"{key}.{language}.mjml").read_text(encoding="utf-8")


@cache
def starter_html(key: str, language: str) -> str:
    """The same, compiled, for a look at it."""
    return compile_source(starter_source(key, language)).html
