"""From a source that was read to HTML for mailboxes: mrml, then css-inline for `mj-style inline`."""

import re

import css_inline
import mjml
from django.utils.translation import gettext as _

from templates_app.mjml.scanning import Scan
from templates_app.problems import Places, Problem, SourceErrors

# By default icons of mj-social, and the arrows of carousels and accordions, come from hosts of strangers, who would be
# told of each opening.
_NO_ICON = "envol-no-icon:"
_ICON = re.compile(rf'(?:<a [^>]*>)?<img[^>]*\ssrc="{_NO_ICON}[^"]*"[^>]*>(?:</a>)?')
_ARROW = re.compile(r'<img[^>]*\ssrc="https://i\.imgur\.com/(?:xTh3hln|os7o9kz|bIXv1bk|w4uTygT)\.png"[^>]*>')
_BYTES = re.compile(r"position (\d+)")


def compile_scan(scan: Scan) -> str:
    """HTML with the Liquid of the source in it. Raises SourceErrors where mrml itself refuses."""
    try:
        html = mjml.mjml2html(scan.mjml, fonts={}, social_icon_origin=_NO_ICON)
    except BaseException as error:  # mrml's panics are no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise SourceErrors([_problem(scan, error)]) from error
    text = html if isinstance(html, str) else html.content
    text = _ARROW.sub("", _ICON.sub("", text))
    if scan.inline_css.strip():
        text = _inlined(text, scan.inline_css)
    return scan.masked.restored(text)


def _inlined(html: str, css: str) -> str:
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        keep_link_tags=True,
        load_remote_stylesheets=False,
        extra_css=css,
    )
    return str(inliner.inline(html))


def _problem(scan: Scan, error: BaseException) -> Problem:
    """mrml counts bytes of what it was given, which is the source with tokens: near enough for a line."""
    match = _BYTES.search(str(error))
    offset = 0
    if match:
        before = scan.mjml.encode()[: int(match[1])].decode(errors="ignore")
        offset = len(scan.masked.restored(before))
    message = _("MJML cannot be compiled (%(words)s).") % {"words": str(error)[:200]}
    return Places(scan.masked.source).problem(min(offset, len(scan.masked.source)), message)
