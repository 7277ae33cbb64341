"""A message looked at rather than sent: in the browser by its reader, before sending by its author."""

from dataclasses import dataclass

from django.conf import settings

from common.tokens import TOKEN_LENGTH
from contacts.models import Contact
from delivery.models import Message
from delivery.skeleton.filling import skeleton_for
from delivery.skeleton.links import find_links
from delivery.skeleton.texts import with_preheader
from templates_app import liquid
from templates_app.text_part import text_from_html
from templates_app.variables import contact_variables, preview_variables


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
