"""The pieces pages are built from; docs/interface.md shows each one.

Numbers are written in the active language, and an unknown one as "–": never nought for "we do not know".
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

from common import figures

register = template.Library()


# ── words and numbers ───────────────────────────────────────────────────────────────────────────────────────────
register.filter("number", figures.number)
register.filter("percent", figures.percent)
register.filter("points", figures.points)


@register.filter
def initials(name: str) -> str:
    """Two letters for an avatar: the first of the first two words, of an address the part before the @."""
    words = str(name).split("@")[0].replace(".", " ").replace("-", " ").replace("_", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def breakable(address: str) -> SafeString:
    """An e-mail address that may wrap before its @ instead of in the middle of a word."""
    local, at, domain = str(address).partition("@")
    return format_html("{}<wbr>{}{}", local, at, domain)


@register.simple_tag
def moment(value: datetime | None, form: str = "short") -> SafeString | str:
    """A <time> in the reader's zone. `form`: short ("24 June, 19:42"), day or clock; another year is shown."""
    if value is None:
        return figures.NOTHING
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    this_year = local.year == timezone.localtime().year
    return _time(local.replace(tzinfo=None), local.isoformat(), form, get_language() or "", this_year)


@lru_cache(maxsize=4096)
def _time(local: datetime, exactly: str, form: str, language: str, this_year: bool) -> SafeString:
    """Remembered: people who came in together share their moments, and three formats are dear. `exactly` has the zone,
    which two equal datetimes need not share."""
    day = "j F" if this_year else "j F Y"
    clock = figures.clock_layout(language)
    layout = {"short": f"{day}, {clock}", "day": day, "clock": clock}[form]
    full = formats.date_format(local, f"l j F Y, {clock}")
    return format_html('<time datetime="{}" title="{}">{}</time>', exactly, full, formats.date_format(local, layout))


# ── icons and drawings ──────────────────────────────────────────────────────────────────────────────────────────
@cache
def _sprite() -> str:
    """Looked up once: a table draws a hundred icons."""
    return static("build/icons.svg")


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An outline icon of Tabler from the sprite. Decorative unless `label` says what it means; size "lg" for 24 px."""
    classes = "ev-i ev-i--lg" if size == "lg" else "ev-i"
    href = f"{_sprite()}#{name}"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, href)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', classes, href)


@register.simple_tag
def bar(value: float | None, total: float = 100, colour: str = "c1", size: str = "") -> SafeString:
    """A thin bar filled to value/total. Hidden from screen readers: the number must stand beside it in words."""
    share = min(max((value or 0) / total, 0), 1) if total else 0
    classes = "ev-bar ev-bar--md" if size == "md" else "ev-bar"
    return format_html(
        '<svg class="{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ev-f-{}" width="{}" height="6"/></svg>',
        classes,
        colour,
        f"{share * 100:.1f}",
    )


@register.simple_tag
def big_percent(ratio: Any) -> SafeString:
    """A rate as a key figure: the sign is small beside the digits."""
    text = figures.percent(ratio)
    return (
        format_html("{}<small>{}%</small>", text[:-1].rstrip(figures.NARROW), "\u202f")
        if "%" in text
        else format_html("{}", text)
    )


@register.simple_tag
def spark(values: Sequence[float | None], limit: float | Literal[""] | None = None) -> SafeString:
    """A small curve of one value per day, oldest first; `limit` draws the threshold as a dashed line."""
    # a variable the template does not know arrives as ""
    line, area, threshold = figures.curve(values, limit if limit != "" else None)
    rule = format_html('<line x1="0" x2="100" y1="{0}" y2="{0}"/>', threshold) if threshold else ""
    return format_html(
        '<svg class="ev-spark" viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon points="{}"/><polyline points="{}"/>{}</svg>',
        area,
        line,
        rule,
    )


LEDGER_ORDER = ("accepted", "sending", "unknown", "refused", "skipped", "pending")


@register.simple_tag
def ledger_bar(ledger: Any, size: str = "") -> SafeString:
    """The bar of a ledger: an object or dict with planned and one count per state. One single person is visible."""
    counts = {state: int(_read(ledger, state) or 0) for state in LEDGER_ORDER}
    spans = figures.spans([counts[state] for state in LEDGER_ORDER])
    shapes = format_html_join(
        "",
        '<rect class="ev-f-{}" x="{}" width="{}" height="10"/>',
        ((state, f"{x:.1f}", f"{width:.1f}") for state, (x, width) in zip(LEDGER_ORDER, spans, strict=True) if width),
    )
    label = gettext("%(accepted)s accepted of %(planned)s planned") % {
        "accepted": figures.number(counts["accepted"]),
        "planned": figures.number(_read(ledger, "planned")),
    }
    return format_html(
        '<svg class="ev-ledger__bar{}" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}</svg>",
        f" ev-ledger__bar--{size}" if size else "",
        label,
        shapes,
    )


def _read(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


@register.simple_tag
def ledger_entries(ledger: Any, people: str = "") -> list[dict[str, Any]]:
    """What components/ledger.html lists: a word, a count and the address of the people behind it, per state."""
    words = {
        "planned": pgettext("messages", "planned"),
        "accepted": pgettext("messages", "accepted"),
        "sending": pgettext("messages", "being sent"),
        "pending": pgettext("messages", "waiting"),
        "skipped": pgettext("messages", "left out"),
        "refused": pgettext("messages", "refused"),
        "unknown": pgettext("messages", "fate unknown"),
    }
    separator = "&" if "?" in people else "?"
    return [
        {
            "state": state,
            "word": word,
            "count": _read(ledger, state),
            "url": f"{people}{separator}state={state}" if people and state != "planned" else people,
            "note": _read(_read(ledger, "notes") or {}, state),
        }
        for state, word in words.items()
    ]


# ── containers: what each takes, with what it is when left out; anything else is a mistake and said so ──────────
_PAGE_HEAD = {"title": "", "lead": "", "avatar": "", "badge": None}
_CARD = {
    "title": "",
    "id": "",
    "hint": "",
    "count": None,
    "link": "",
    "link_text": "",
    "flush": False,
    "accent": False,
    "foot": "",
    "level": 2,
}
_NOTE = {"kind": "info", "icon": "", "title": ""}
_NOTE_ICONS = {"ok": "check", "warn": "alert-triangle", "bad": "x", "doubt": "help"}
_EMPTY = {"title": "", "icon": "", "text": "", "level": 2}
_DIALOG = {"title": "", "id": ""}
_CHART = {
    "title": "",
    "kind": "line",
    "unit": "",
    "size": "",
    "limit": None,
    "limit_label": "",
    "area": False,
    "zoom": False,
    "stack": False,
    "hide_title": False,
}


def _draw(name: str, content: str, given: dict[str, Any], known: dict[str, Any]) -> SafeString:
    if unknown := given.keys() - known.keys():
        raise template.TemplateSyntaxError(f"{name} does not take {', '.join(sorted(unknown))}")
    values = known | given | {"content": mark_safe(content.strip())}  # noqa: S308 - a template rendered it
    return mark_safe(render_to_string(f"components/{name}.html", values))  # noqa: S308


@register.simple_block_tag
def page_head(content: str, **given: Any) -> SafeString:
    """The top of a page: h1 `title`, a `lead` sentence, a name for an `avatar`, a `badge`; content: the actions, the
    primary button last."""
    return _draw("page_head", content, given, _PAGE_HEAD)


@register.simple_block_tag
def card(content: str, **given: Any) -> SafeString:
    """A card with `title` (and `level` of its heading), `hint` under it, `count` beside it, `link` with `link_text` at
    its end. `id` names it, `flush` lets a table or list reach the edges, `accent` is for what is alive, `foot` is safe
    HTML under a line."""
    return _draw("card", content, given, _CARD)


@register.simple_block_tag
def note(content: str, **given: Any) -> SafeString:
    """A sentence that matters here and now. `kind`: info, ok, warn, bad, doubt or plain; `title`, `icon`."""
    values = _NOTE | given
    values["icon"] = values["icon"] or _NOTE_ICONS.get(values["kind"], "info-circle")
    return _draw("note", content, values, _NOTE)


@register.simple_block_tag
def empty(content: str, **given: Any) -> SafeString:
    """An empty page that teaches: `icon`, `title`, `text` with an example; content: the one button."""
    return _draw("empty", content, given, _EMPTY)


@register.simple_block_tag
def dialog(content: str, **given: Any) -> SafeString:
    """A modal question, opened by <button data-opens="id">: `id`, `title`; content: the text and the form."""
    return _draw("dialog", content, given, _DIALOG)


@register.simple_block_tag
def chart(content: str, **given: Any) -> SafeString:
    """A chart and the table it is drawn from. Content: <thead> and <tbody>; first column the axis, one column a series.

    `title`, `kind` (line, bar), `unit` ("%"), `size` (sm, md), `limit` with `limit_label` (a threshold in the values'
    unit), `area`, `zoom` (the axis may start above nought), `stack`, `hide_title`.
    <th data-c="4" data-dash> chooses a series' colour and line; <td data-value="3.62"> gives an exact value.
    """
    return _draw("chart", content, given, _CHART)


# ── navigation ──────────────────────────────────────────────────────────────────────────────────────────────────
@register.simple_tag(takes_context=True)
def nav_current(context: template.Context, *urls: str) -> str:
    """Of the navigation's addresses, the one the page belongs to: the longest the path begins with."""
    path = context["request"].path
    own = [url for url in urls if url and (path == url or (path.startswith(url) and url != "/"))]
    return max(own, key=len, default="")


@register.filter
def escaped_lines(text: str) -> SafeString:
    """Words of a stranger, line by line, escaped."""
    return format_html_join(mark_safe("<br>"), "{}", ((conditional_escape(line),) for line in str(text).splitlines()))
