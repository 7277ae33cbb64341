"""Reads an MJML source from front to back, without recursion, and says everything that is wrong with it.

mrml takes unknown tags and attributes silently, names no line, and deep nesting ends its process: nothing reaches it
that was not read here first. What is read is written again with Liquid as tokens, ready to compile.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from templates_app.mjml.attributes import Attribute, judge, read_attributes
from templates_app.mjml.masking import FILL, LESS, Masked, mask
from templates_app.mjml.spec import DANGEROUS, REFUSED, TABLE_PARTS, TAGS, VOID
from templates_app.problems import Places, Problem

SIZE_LIMIT = 512_000  # characters; Gmail clips at 102 kB of HTML
DEPTH_LIMIT = 100  # mrml is recursive: some thousands end the process
PROBLEM_LIMIT = 50

_NEXT = re.compile(f"[<{FILL}]")
_OPEN = re.compile(r"<([A-Za-z][\w:.-]*)")
_CLOSE = re.compile(r"</([A-Za-z][\w:.-]*)\s*>")
_BLOCKS = frozenset({"if", "unless", "for", "case", "capture"})
_BRANCHES = frozenset({"elsif", "else", "when"})
_HIDDEN_SCRIPT = re.compile(r"<\s*script|\son[a-z]+\s*=|javascript:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scan:
    """`mjml` is what to compile, with tokens in the places of `masked`'s pieces."""

    problems: list[Problem]
    mjml: str
    inline_css: str
    masked: Masked


@dataclass(slots=True)
class _Element:
    name: str
    offset: int
    blocks: list[tuple[str, int]] = field(default_factory=list)  # Liquid blocks opened directly in it

    @property
    def is_structure(self) -> bool:
        tag = TAGS.get(self.name)
        return self.name == "" or (tag is not None and not tag.holds_html and not tag.holds_text)

    @property
    def is_style(self) -> bool:
        return self.name in ("mj-style", "style")


class _Enough(Exception):
    """More problems than anybody reads, or nesting too deep to go on."""


def scan(source: str) -> Scan:
    """Read the whole source. Never raises for what is in it; `problems` has errors and warnings."""
    masked = mask(source)
    if len(source) > SIZE_LIMIT:
        message = _("The source is larger than %(limit)s kB.") % {"limit": SIZE_LIMIT // 1000}
        return Scan([Problem(1, 1, message)], "", "", masked)
    scanner = _Scanner(masked)
    with suppress(_Enough):
        scanner.run()
    return Scan(scanner.problems, "".join(scanner.out), "\n".join(scanner.inline_css), masked)


class _Scanner:
    def __init__(self, masked: Masked) -> None:
        self.masked = masked
        self.text = masked.text
        self.places = Places(masked.source)
        self.problems: list[Problem] = []
        self.out: list[str] = []
        self.inline_css: list[str] = []
        self.stack = [_Element("", 0)]
        self.seen: set[str] = set()

    # ── walking ─────────────────────────────────────────────────────────────────────────────────────────────────
    def run(self) -> None:
        position = 0
        while position < len(self.text):
            match = _NEXT.search(self.text, position)
            stop = match.start() if match else len(self.text)
            self.plain(position, stop)
            if match is None:
                break
            position = self.liquid(stop) if match[0] == FILL else self.markup(stop)
        self.finish()

    def markup(self, position: int) -> int:
        if self.text.startswith("<!--", position):
            return self.comment(position)
        if self.text.startswith(("<!", "<?"), position):
            return self.declaration(position)
        if close := _CLOSE.match(self.text, position):
            self.close(close[1], position)
            return close.end()
        if opening := _OPEN.match(self.text, position):
            return self.open(opening[1], position, opening.end())
        self.wrong(position, _("A “<” that begins no tag; write %(entity)s for it.") % {"entity": "&lt;"})
        return position + 1

    def finish(self) -> None:
        for element in reversed(self.stack[1:]):
            self.wrong(element.offset, _("<%(name)s> is never closed.") % {"name": element.name})
        self.leave(self.stack[0])
        if any(problem.is_error for problem in self.problems):
            return
        if "mjml" not in self.seen:
            self.wrong(0, _("A source begins with <mjml>."))
        elif "mj-body" not in self.seen:
            self.wrong(0, _("<mj-body> is missing."))

    # ── tags ────────────────────────────────────────────────────────────────────────────────────────────────────
    def open(self, name: str, position: int, after_name: int) -> int:
        parent = self.stack[-1]
        attributes = read_attributes(self.masked, after_name)
        faults = [*attributes.faults, *judge(name, parent.name, attributes.found, self.masked)]
        for fault in faults:
            self.note(fault.offset, fault.message, is_error=fault.is_error)
        self.judge_tag(name, parent, position)
        self.advise(name, parent.name, position, {attribute.name for attribute in attributes.found})
        self.seen.add(name)
        is_closed = attributes.is_closed or (name.lower() in VOID and name not in TAGS)
        is_inline_style = name == "mj-style" and any(attribute.name == "inline" for attribute in attributes.found)
        if is_inline_style:
            return self.inline_style(position, attributes.end)
        self.out.append(f"<{name}{self.written(attributes.found)}{' /' if is_closed else ''}>")
        if is_closed:
            return attributes.end
        if len(self.stack) > DEPTH_LIMIT:
            self.wrong(position, _("Nested deeper than %(limit)s tags.") % {"limit": DEPTH_LIMIT})
            raise _Enough
        self.stack.append(_Element(name, position))
        return self.style(attributes.end) if self.stack[-1].is_style else attributes.end

    def close(self, name: str, position: int) -> None:
        if name.lower() in VOID and name not in TAGS:
            return
        if all(element.name != name for element in self.stack[1:]):
            self.wrong(position, _("</%(name)s> closes nothing.") % {"name": name})
            return
        while (element := self.stack.pop()).name != name:
            self.wrong(element.offset, _("<%(name)s> is never closed.") % {"name": element.name})
        self.leave(element)
        self.out.append(f"</{name}>")

    def leave(self, element: _Element) -> None:
        for word, offset in element.blocks:
            message = _("“%(tag)s” does not end in the MJML tag it begins in.")
            self.wrong(offset, message % {"tag": f"{{% {word} %}}"})

    def judge_tag(self, name: str, parent: _Element, position: int) -> None:
        if name.lower() in DANGEROUS:
            self.wrong(position, _("<%(name)s> cannot be in a mail.") % {"name": name})
        elif name in REFUSED:
            self.wrong(position, self.refusal(name))
        elif name.startswith("mj") and name not in TAGS:
            self.wrong(position, _("MJML has no tag <%(name)s>.") % {"name": name})
        elif name in TAGS and parent.name == "mj-attributes":
            return
        elif name in TAGS and parent.name not in TAGS[name].parents:
            where = ", ".join(f"<{one}>" for one in sorted(TAGS[name].parents) if one)
            message = _("<%(name)s> cannot be in <%(parent)s>, only in %(where)s.")
            if not parent.name or not where:
                message = _("<%(name)s> cannot stand here.")
            self.wrong(position, message % {"name": name, "parent": parent.name, "where": where})
        elif name in ("mjml", "mj-body", "mj-head") and name in self.seen:
            self.wrong(position, _("A second <%(name)s>.") % {"name": name})
        elif name not in TAGS and (parent.is_structure or (parent.name in TAGS and TAGS[parent.name].holds_text)):
            self.wrong(position, _("HTML such as <%(name)s> belongs in mj-text or mj-raw.") % {"name": name})

    def refusal(self, name: str) -> str:
        if name == "mj-include":
            return _("<mj-include> reads other files; put their content here.")
        return _("<%(name)s> is not supported.") % {"name": name}

    def advise(self, name: str, parent: str, position: int, given: set[str]) -> None:
        own_icon = {"mj-carousel": "left-icon", "mj-accordion": "icon-wrapped-url", "mj-social-element": "src"}.get(
            name
        )
        if parent == "mj-attributes":
            return
        if name == "mj-image" and "alt" not in given:
            self.note(position, _("This image has no description (alt)."), is_error=False)
        elif own_icon and own_icon not in given and (own_icon != "src" or "name" in given):
            message = _("Without %(name)s no icon is shown: those of foreign hosts are not used.")
            self.note(position, message % {"name": own_icon}, is_error=False)
        elif name == "mj-font":
            message = _("A font from another host tells that host who reads; many mailboxes ignore it.")
            self.note(position, message, is_error=False)

    def written(self, attributes: list[Attribute]) -> str:
        out = []
        for attribute in attributes:
            if attribute.value is None:
                out.append(f" {attribute.name}")
                continue
            self.balanced(*attribute.value)
            value = self.masked.with_tokens(*attribute.value).replace('"', "&quot;").replace("<", "&lt;")
            out.append(f' {attribute.name}="{value}"')
        return "".join(out)

    # ── what is not a tag ───────────────────────────────────────────────────────────────────────────────────────
    def plain(self, start: int, end: int) -> None:
        stretch = self.text[start:end]
        if self.stack[-1].is_structure and stretch.strip(" \t\r\n\ufeff"):
            offset = start + len(stretch) - len(stretch.lstrip())
            self.wrong(offset, _("Text belongs in a tag such as <mj-text>."))
        self.out.append(stretch)

    def liquid(self, position: int) -> int:
        number = self.masked.between(position, position + 1)[0]
        begin, stop = self.masked.spans[number]
        element, keyword = self.stack[-1], self.masked.keyword(number)
        self.follow(element.blocks, keyword, begin)
        if element.is_structure and "mj-body" not in {one.name for one in self.stack}:
            self.wrong(begin, _("Liquid here would be lost; it belongs in <mj-body>."))
        elif element.name in ("mj-carousel", "mj-body") and not self.source_is_tag(begin):
            self.wrong(begin, _("Text belongs in a tag such as <mj-text>."))
        elif element.name == "mj-carousel":
            self.wrong(begin, _("Liquid cannot stand directly in <mj-carousel>."))
        is_tag = self.source_is_tag(begin)
        in_text_only = element.name in TAGS and TAGS[element.name].holds_text
        as_comment = not in_text_only and (is_tag or element.is_structure or element.name in TABLE_PARTS)
        self.out.append(self.masked.with_tokens(begin, stop, as_comments=as_comment and element.name != "title"))
        return stop

    def source_is_tag(self, begin: int) -> bool:
        return self.masked.source.startswith("{%", begin)

    def comment(self, position: int) -> int:
        end = self.text.find("-->", position + 4)
        if end < 0:
            self.wrong(position, _("This comment is never closed."))
            return len(self.text)
        inside = self.text[position + 4 : end]
        if inside.startswith(("[if", "<![endif")) and not self.stack[-1].is_structure:
            if _HIDDEN_SCRIPT.search(inside):
                self.wrong(position, _("A script in a comment for Outlook."))
            self.balanced(position, end)
            self.out.append(self.masked.with_tokens(position, end + 3))
        return end + 3

    def declaration(self, position: int) -> int:
        end = self.text.find(">", position)
        if self.text.startswith("<![CDATA[", position):
            self.wrong(position, _("CDATA is not needed: write the HTML itself."))
        elif len(self.stack) > 1:
            self.wrong(position, _("This cannot stand here."))
        return end + 1 if end >= 0 else len(self.text)

    def style(self, start: int) -> int:
        """CSS is read up to its closing tag: `>` and quotes mean nothing in it."""
        end = self.text.find(f"</{self.stack[-1].name}", start)
        end = end if end >= 0 else len(self.text)
        self.balanced(start, end)
        self.out.append(self.masked.with_tokens(start, end).replace("<", LESS))
        return end

    def inline_style(self, position: int, start: int) -> int:
        close = re.compile(r"</mj-style\s*>").search(self.text, start)
        if close is None:
            self.wrong(position, _("<%(name)s> is never closed.") % {"name": "mj-style"})
            return len(self.text)
        self.balanced(start, close.start())
        self.inline_css.append(self.masked.with_tokens(start, close.start()))
        return close.end()

    # ── Liquid blocks begin and end in one place ────────────────────────────────────────────────────────────────
    def balanced(self, start: int, end: int) -> None:
        blocks: list[tuple[str, int]] = []
        for number in self.masked.between(start, end):
            self.follow(blocks, self.masked.keyword(number), self.masked.spans[number][0])
        for word, offset in blocks:
            message = _("“%(tag)s” does not end in the MJML tag it begins in.")
            self.wrong(offset, message % {"tag": f"{{% {word} %}}"})

    def follow(self, blocks: list[tuple[str, int]], keyword: str, offset: int) -> None:
        if keyword in _BLOCKS:
            blocks.append((keyword, offset))
        elif keyword.startswith("end") and blocks:
            blocks.pop()

    # ── problems ────────────────────────────────────────────────────────────────────────────────────────────────
    def wrong(self, offset: int, message: str) -> None:
        self.note(offset, message, is_error=True)

    def note(self, offset: int, message: str, *, is_error: bool) -> None:
        self.problems.append(self.places.problem(offset, message, is_error=is_error))
        if len(self.problems) >= PROBLEM_LIMIT:
            raise _Enough
