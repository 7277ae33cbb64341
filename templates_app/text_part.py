"""The text part of a message, made from its HTML: what somebody reads who sees no HTML, Liquid still in it."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from templates_app.mjml.masking import html_with_tokens, mask

_SKIPPED = frozenset({"head", "style", "script", "title", "template", "noscript", "map"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "dl"})
_LINES = frozenset({"div", "li", "tr", "table", "section", "article", "header", "footer", "dt", "dd", "center"})
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE)
_BODY = re.compile(r"<body\b(?:\"[^\"]*\"|'[^']*'|[^\"'>])*>", re.IGNORECASE)
_FRAME = re.compile(r"</?(?:body|html)\b[^>]*>", re.IGNORECASE)
_END_OF_BODY = re.compile(r"</body\s*>", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = re.compile("[\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff]")
_LIQUID = re.compile(r"qlq\d+q")
_RULE = "-" * 40


def text_from_html(html: str) -> str:
    """Paragraphs, lists, "words (address)" for links; hidden text (the preheader) is left out. Never fails."""
    masked = mask(html)
    tokens = html_with_tokens(masked)
    opening, closings = _BODY.search(tokens), list(_END_OF_BODY.finditer(tokens))
    inside = tokens[opening.end() if opening else 0 : closings[-1].start() if closings else len(tokens)]
    # Comments after a stray </body> leave the body, and Liquid would be lost with them.
    body = LexborHTMLParser(f"<body>{_FRAME.sub('', inside)}").body
    if body is None:
        return ""
    writer = _Writer()
    _walk(body, writer)
    text = "".join(writer.out).strip(" \n")
    return masked.restored(f"{text}\n") if text else ""


class _Writer:
    """Text with its breaks kept back, so that many blocks in one another make one break.

    Liquid tags are written before a break that waits: the break then belongs to what the tag shows or leaves out.
    """

    def __init__(self) -> None:
        self.out: list[str] = []
        self.has_text = False
        self.breaks = 0
        self.has_space = False
        self.lists: list[int | None] = []  # next number of each open list; None = bullets
        self.is_verbatim = False

    def break_to(self, count: int) -> None:
        self.breaks = max(self.breaks, count)
        self.has_space = False

    def write(self, text: str) -> None:
        if not self.is_verbatim:
            text = _SPACE.sub(" ", _INVISIBLE.sub("", text))
            if not text.strip(" "):
                self.has_space = self.has_space or bool(text)
                return
            self.has_space = self.has_space or text.startswith(" ")
        self._flush()
        self.out.append(text if self.is_verbatim else text.strip(" "))
        self.has_space = not self.is_verbatim and text.endswith(" ")

    def liquid(self, token: str) -> None:
        self.out.append(f"<!--{token}-->")

    def _flush(self) -> None:
        if self.has_text and self.breaks:
            self.out.append("\n" * self.breaks)
        elif self.has_text and self.has_space:
            self.out.append(" ")
        self.breaks, self.has_space, self.has_text = 0, False, True


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Depth first without recursion: strangers' HTML may be nested as deep as it likes."""
    node: LexborNode | None = root.child
    while node is not None:
        if _enter(node, writer) and node.child is not None:
            node = node.child
            continue
        while node is not None and node.mem_id != root.mem_id:
            _leave(node, writer)
            if node.next is not None:
                node = node.next
                break
            node = node.parent
        else:
            return


def _enter(node: LexborNode, writer: _Writer) -> bool:
    """Write what begins here; False to leave out what is inside."""
    tag = node.tag or ""
    if node.is_text_node:
        writer.write(node.text_content or "")
        return False
    if node.is_comment_node:
        if found := _LIQUID.fullmatch(node.comment_content or ""):
            writer.liquid(found[0])
        return False
    if tag in _SKIPPED or _is_hidden(node):
        return False
    if tag == "br":
        writer.breaks = min(writer.breaks + 1, 2)
    elif tag == "hr":
        writer.break_to(1)
        writer.write(_RULE)
        writer.break_to(1)
    elif tag == "img":
        writer.write(f" {node.attributes.get('alt') or ''} ")
    elif tag in ("td", "th"):
        writer.has_space = True
    else:
        _break_around(node, tag, writer)
        _begin_list(node, tag, writer)
    writer.is_verbatim = writer.is_verbatim or tag == "pre"
    return True


def _leave(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag or ""
    if tag in ("ul", "ol") and writer.lists and not _is_hidden(node):
        writer.lists.pop()
    if tag == "pre":
        writer.is_verbatim = False
    if tag == "a" and not _is_hidden(node):
        _write_address(node, writer)
    _break_around(node, tag, writer)


def _break_around(node: LexborNode, tag: str, writer: _Writer) -> None:
    if tag in _PARAGRAPHS or (tag == "tr" and _is_layout(node)):
        writer.break_to(1 if writer.lists and tag in ("ul", "ol") else 2)
    elif tag in _LINES:
        writer.break_to(1)


def _begin_list(node: LexborNode, tag: str, writer: _Writer) -> None:
    if tag == "ul":
        writer.lists.append(None)
    elif tag == "ol":
        writer.lists.append(1)
    elif tag == "li":
        number = writer.lists[-1] if writer.lists else None
        indent = "  " * (len(writer.lists) - 1)
        if number is not None:
            writer.lists[-1] = number + 1
        _mark(writer, f"{indent}{number}. " if number is not None else f"{indent}- ")


def _mark(writer: _Writer, mark: str) -> None:
    writer.is_verbatim = True
    writer.write(mark)
    writer.is_verbatim = False


def _write_address(node: LexborNode, writer: _Writer) -> None:
    address = (node.attributes.get("href") or "").strip()
    words = _SPACE.sub(" ", node.text(deep=True) or "").strip()
    if address.startswith("mailto:") and address[7:] == words:
        return
    if not address or address.startswith("#") or address == words:
        return
    if words or node.css_first("img[alt]:not([alt=''])") is not None:
        writer.write(f" ({address})")
    elif node.css_first("img") is not None:
        writer.write(f" {address} ")


def _is_layout(row: LexborNode) -> bool:
    """Rows of a table that only places things are paragraphs; rows of a table of figures are lines."""
    above = row.parent
    table = above.parent if above is not None and above.tag != "table" else above
    return table is not None and table.attributes.get("role") == "presentation"


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))
