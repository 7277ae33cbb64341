"""Words of one language on a page that speaks another: strings forgotten, or translated too early."""

import re
from functools import cache

from django.utils.translation import trans_real
from playwright.sync_api import Page

# texts and what assistive technology reads; what says its own language, and code, is data
_TEXTS = """() => {
  const spoken = node => !node.closest('script, style, code, pre, textarea, [translate=no], [lang]:not(html)');
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (spoken(walker.currentNode.parentElement)) texts.push(walker.currentNode.data);
  for (const node of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    if (spoken(node))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) texts.push(node.getAttribute(name) || '');
  return [document.title, ...texts];
}"""
_SLOT = re.compile(r"%(?:\(\w+\))?[sd]")


def strangers(page: Page, *, language: str) -> set[str]:
    """English texts of the interface on a French page, and the other way round."""
    texts = {" ".join(text.split()) for text in page.evaluate(_TEXTS)} - {""}
    french, english = _catalogue()
    foreign, own = (english, french) if language == "fr" else (french, english)
    whole = {text for text in texts & (foreign - own) if not text.isupper()}  # somebody's initials are no word
    said = "\n".join(texts)
    return whole | {part for part in _long_parts(frozenset(foreign - own)) if part in said}


@cache
def _catalogue() -> tuple[frozenset[str], frozenset[str]]:
    """Everything the interface can say, in French and in English; what is the same in both is in both."""
    french, english = set(), set()
    for key, value in trans_real.translation("fr")._catalog.items():
        message = key[0] if isinstance(key, tuple) else key
        english.add(" ".join(message.split("\x04")[-1].split()))
        french.add(" ".join(value.split()))
    return frozenset(french), frozenset(english)


@cache
def _long_parts(messages: frozenset[str]) -> list[str]:
    """What stands between the slots of a message, where it is long enough to be nothing else."""
    parts = {part.strip() for message in messages for part in _SLOT.split(message)}
    return [part for part in parts if part.count(" ") >= 3 and len(part) >= 16]
