"""A message looked at rather than sent: in the browser by its reader, before sending by its author."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from common.tokens import TOKEN_LENGTH
from contacts.models import Contact
from delivery.models import Message
from delivery.skeleton.filling import skeleton_for
from delivery.skeleton.links import TAG, FoundLink, find_links, replace_links
from delivery.skeleton.texts import variables_of, with_preheader
from templates_app import liquid
from templates_app.text_part import text_from_html
from templates_app.variables import contact_variables, preview_variables

_NUMBERED = re.compile(r'\sdata-link="(\d+)"')


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author has written so far: Liquid everywhere, HTML compiled. A Content has the same fields."""

    subject: str
    html: str
    preheader: str = ""
    text: str = ""
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Preview:
    """What one person would read. `size` is bytes of HTML once links are rewritten: Gmail clips at 102 kB."""

    subject: str
    preheader: str
    html: str
    text: str
    size: int


def view_html(mailing_id: int, message_id: int) -> str:
    """One person's message for "view in browser": same links, no pixel.

    Raises Message.DoesNotExist, ContentRefused, CannotFill.
    """
    message = Message.objects.select_related("mailing").get(pk=message_id, mailing_id=mailing_id)
    if message.content_id is None:
        raise Message.DoesNotExist
    return skeleton_for(message.content_id).view(message)


def look_back(message: Message, *, marks: Mapping[int, str]) -> str:
    """What one person got, for the team to look at, with a mark (HTML) at each link by its number.

    Links lead straight to their place and doors nowhere: a colleague's click is nobody's click.
    Raises SourceErrors, CannotRender.
    """
    content = message.content
    if content is None:
        raise Message.DoesNotExist
    html, first = content.html, content.links.order_by("number").values_list("number", flat=True).first() or 1

    def numbered(index: int, link: FoundLink) -> str:
        return f'{html[link.start : link.end]} data-link="{first + index}"'

    variables = {**preview_variables({}), **variables_of(message, message.mailing)}
    source = with_preheader(replace_links(html, find_links(html), numbered), content.preheader)
    shown = liquid.render(source, variables, is_html=True, language=content.language)
    return TAG.sub(lambda tag: tag[0] + _mark_of(tag[0], marks), shown)


def _mark_of(tag: str, marks: Mapping[int, str]) -> str:
    number = _NUMBERED.search(tag)
    return marks.get(int(number[1]), "") if number else ""


def preview(draft: Draft, *, contact: Contact | None, list_name: str = "") -> Preview:
    """`draft` as `contact` would read it, without pixel and with links that tell nobody (None: nobody's values).

    Raises templates_app.problems.SourceErrors, templates_app.liquid.CannotRender.
    """
    variables = preview_variables(contact_variables(contact or Contact()), list_name=list_name)
    language = draft.language
    html = liquid.render(with_preheader(draft.html, draft.preheader), variables, is_html=True, language=language)
    text = liquid.render(draft.text or text_from_html(draft.html), variables, language=language)
    return Preview(
        subject=liquid.render(draft.subject, variables, language=language).strip(),
        preheader=liquid.render(draft.preheader, variables, language=language).strip(),
        html=html,
        text=text,
        size=len(html.encode()) + _growth(html),
    )


def _growth(html: str) -> int:
    """How many bytes the tracked addresses add to those they stand for."""
    tracked = len(settings.TRACKING_URL) + len("/c/") + TOKEN_LENGTH
    return sum(max(0, tracked - len(link.url.encode())) for link in find_links(html))
