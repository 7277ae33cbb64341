"""Checks on what the message says: its headers as typed, its links and images, its size."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from selectolax.lexbor import LexborHTMLParser

from campaigns.review.check import Check, Fix, blocking, good, look

CLIP_SIZE = 102 * 1024  # octets: Gmail shows no more of a message's HTML (rules.md)
SUBJECT_LENGTH = 70  # characters most inboxes show on a desktop
_FAKE_REPLY = re.compile(r"^\s*(?:re|fw|fwd|tr|rép|aw|wg)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SHOWN = 6  # names listed in a sentence before "and others"


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote: Liquid still in it. `html` is the compiled template, `source` its MJML."""

    subject: str
    preheader: str
    html: str
    source: str
    language: str = "fr"


def listed(names: list[str]) -> str:
    """a, b, c – and "…" when there are more than a sentence holds."""
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


# ── subject and preheader ───────────────────────────────────────────────────────────────────────────────────────
def check_subject(words: Words) -> Iterator[Check]:
    subject = words.subject.strip()
    if not subject:
        yield blocking(
            "subject_empty", _("The subject is empty"), _("Nobody opens a message without one."), fix=Fix.CONTENT
        )
        return
    if any(ord(character) < 32 or character == "\x7f" for character in words.subject):
        yield blocking(
            "subject_characters",
            _("The subject holds a line break or a control character"),
            _("Type it again on one line."),
            fix=Fix.CONTENT,
        )
        return
    if _FAKE_REPLY.match(subject):
        yield blocking(
            "subject_fake_reply",
            _("The subject pretends to be an answer"),
            _("“Re” or “Fwd” on a message that answers nothing is a reason for mailboxes to block it."),
            fix=Fix.CONTENT,
        )
        return
    letters = [character for character in _LIQUID.sub("", subject) if character.isalpha()]
    if len(letters) > 8 and all(character.isupper() for character in letters):
        yield look(
            "subject_capitals", _("The subject is written in capitals"), _("It reads like shouting."), fix=Fix.CONTENT
        )
    elif len(_LIQUID.sub("", subject)) > SUBJECT_LENGTH:
        yield look(
            "subject_long",
            _("The subject is long"),
            _("Inboxes cut after about %(count)d characters; the beginning must say it all.")
            % {"count": SUBJECT_LENGTH},
            fix=Fix.CONTENT,
        )
    else:
        yield good("subject", _("The subject reads well"))


def check_preheader(words: Words) -> Iterator[Check]:
    if not words.preheader.strip():
        yield look(
            "preheader_empty",
            _("There is no preheader"),
            _("Inboxes will show the first words of the message after the subject."),
            fix=Fix.CONTENT,
        )


# ── links and images ────────────────────────────────────────────────────────────────────────────────────────────
def check_unsubscribe(words: Words) -> Iterator[Check]:
    hrefs = [href for href, _label in links_of(words.html)]
    if any("unsubscribe_url" in href or "preferences_url" in href for href in hrefs):
        yield good("unsubscribe", _("Everybody can leave: an unsubscribe link stands in the message"))
        return
    yield blocking(
        "unsubscribe_missing",
        _("The message has no unsubscribe link"),
        _("The law asks for one. Add a link to {{ unsubscribe_url }} to the template, for instance at its foot."),
        fix=Fix.TEMPLATE,
    )


def check_address(words: Words, *, address: str) -> Iterator[Check]:
    said = _folded(LexborHTMLParser(words.html).text(separator=" "))
    if "organisation.address" in words.html or (address.strip() and _folded(address) in said):
        yield good("address", _("Your postal address stands in the message"))
        return
    yield blocking(
        "address_missing",
        _("The message does not show your postal address"),
        _("The law asks for it. Add {{ organisation.address }} to the template, for instance at its foot."),
        fix=Fix.TEMPLATE,
    )


def check_links(words: Words) -> Iterator[Check]:
    links = links_of(words.html)
    broken = [label or href or _("(empty)") for href, label in links if is_broken(href)]
    nowhere = [label or href for href, label in links if href.strip().startswith("#")]
    if broken:
        yield blocking(
            "links_broken",
            ngettext("%d link cannot work", "%d links cannot work", len(broken)) % len(broken),
            _("A link is a whole address, as in https://shop.example/sale. Look at: %s") % listed(broken),
            fix=Fix.TEMPLATE,
        )
    elif nowhere:
        yield look(
            "links_nowhere",
            ngettext("%d link leads nowhere yet", "%d links lead nowhere yet", len(nowhere)) % len(nowhere),
            _("Their address is “#”: %s") % listed(nowhere),
            fix=Fix.TEMPLATE,
        )
    elif not [href for href, _label in links if urlsplit(_LIQUID.sub("", href)).scheme in ("http", "https")]:
        yield look(
            "links_none",
            _("The message has no link to your site"),
            _("There will be nothing to click on."),
            fix=Fix.TEMPLATE,
        )
    else:
        yield good("links", ngettext("%d link is well written", "%d links are well written", len(links)) % len(links))


def links_of(html: str) -> list[tuple[str, str]]:
    """(address, words) of every link, Liquid kept; an image's description where it has no words."""
    found = []
    for node in LexborHTMLParser(html).css("a[href]"):
        image = node.css_first("img[alt]")
        label = " ".join(node.text(separator=" ").split()) or ((image.attributes.get("alt") or "") if image else "")
        found.append((node.attributes.get("href") or "", label))
    return found


def is_broken(href: str) -> bool:
    """Whether a link can lead nowhere at all. What Liquid fills in is taken to be good."""
    if href.strip().startswith("#"):
        return False
    filled = _LIQUID.sub("x", href.strip())
    try:
        parts = urlsplit(filled)
        port_is_wrong = parts.port == 0
    except ValueError:
        return True
    if parts.scheme in ("mailto", "tel", "sms"):
        return not parts.path
    if filled == "x" or (not parts.scheme and href.strip().startswith("{")):
        return False
    if parts.scheme not in ("http", "https") or port_is_wrong or any(character.isspace() for character in filled):
        return True
    host = parts.hostname or ""
    return not host or ("." not in host and host != "localhost" and "x" not in host)


def check_images(words: Words) -> Iterator[Check]:
    silent = _images_without_words(words)
    if silent:
        yield look(
            "images_silent",
            ngettext("%d image has no description", "%d images have no description", silent) % silent,
            _("Mailboxes that block images show a void. Fill in alt (empty for mere decoration)."),
            fix=Fix.TEMPLATE,
        )
    elif "<img" in words.html:
        yield good("images", _("Every image has a description"))


def _images_without_words(words: Words) -> int:
    # MJML writes alt="" for an image whose author gave none, so the source is the witness; mj-raw goes to the HTML.
    tags = _Tags()
    tags.feed(words.source)
    return sum(1 for name, attributes in tags.found if name in ("mj-image", "img") and "alt" not in attributes)


class _Tags(HTMLParser):
    """Every start tag with its attributes, in any XML or HTML, however broken."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# ── size ────────────────────────────────────────────────────────────────────────────────────────────────────────
def check_size(*, octets: int) -> Iterator[Check]:
    """`octets` of the HTML part as one person gets it, links rewritten."""
    sizes = {"size": max(1, octets // 1024), "limit": CLIP_SIZE // 1024}
    if octets > CLIP_SIZE:
        yield look(
            "size_clipped",
            _("The message is too long for Gmail: %(size)d kB of %(limit)d") % sizes,
            _("Gmail cuts what comes after, the unsubscribe link and the pixel with it."),
            fix=Fix.TEMPLATE,
        )
    else:
        yield good("size", _("%(size)d kB of the %(limit)d Gmail shows") % sizes)


def _folded(text: str) -> str:
    return " ".join(text.replace(",", " ").casefold().split())
