"""Where people clicked, drawn on the message itself."""

from django.utils.html import format_html
from django.utils.translation import ngettext

from common.figures import number, percent
from feedback.queries import LinkRow

# Ground and ink, from the least to the most clicked: a scale of one colour, each pair above 4.5:1 (WCAG 1.4.3).
_HEAT = (("#e3e8f4", "#1d2b4f"), ("#b9c6e8", "#1d2b4f"), ("#5b74c4", "#ffffff"), ("#27408f", "#ffffff"))
# A message is somebody else's page: what is drawn on it says everything itself, and moves nothing.
_PIN = (
    "position:absolute;z-index:9;transform:translate(-.4em,-110%);display:inline-block;width:auto;max-width:none;"
    "padding:2px 8px;border:1px solid #fff;border-radius:99px;box-shadow:0 1px 4px rgba(0,0,0,.3);"
    "font:600 12px/1.4 system-ui,sans-serif;letter-spacing:0;text-transform:none;text-decoration:none;"
    "white-space:nowrap"
)


def marks_of(links: list[LinkRow], *, clickers: int) -> dict[int, str]:
    """A pin by link number: people and their share of those who clicked at all. Links nobody clicked have none."""
    most = max((row.people or row.anonymous for row in links), default=0)
    return {row.number: _pin(row, clickers, most) for row in links if row.people or row.anonymous}


def _pin(row: LinkRow, clickers: int, most: int) -> str:
    count = row.people or row.anonymous
    ground, ink = _HEAT[min(len(_HEAT) - 1, count * len(_HEAT) // (most + 1))]
    if row.people and clickers:
        words = f"{number(row.people)} · {percent(row.people / clickers, 0)}"
    else:
        words = ngettext("%(n)s unnamed click", "%(n)s unnamed clicks", count) % {"n": number(count)}
    return format_html('<span style="{};background:{};color:{}">{}</span>', _PIN, ground, ink, words)
