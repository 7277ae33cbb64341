"""Somebody at a browser: finds things by their words, in the language they chose, and looks at each page."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from tests.browser import SIZES, barriers, context_of, missing_icons, overflow

LOOKS: tuple[tuple[str, Any], ...] = (("desktop", "light"), ("phone", "dark"))


class Walk:
    """One person's way through the pages. `faults` fills with what is wrong on the way; the test ends on them."""

    def __init__(self, browser: Browser, *, url: str, language: str, artifacts: Path) -> None:
        self.url = url
        self.language = language
        self.faults: list[str] = []
        self._artifacts = artifacts
        self._number = 0
        self.context: BrowserContext = context_of(browser, language=language)
        # links in messages lead out of here; the test goes nowhere
        self.context.route(re.compile(r"^https?://(?!localhost)"), lambda route: route.fulfill(body="elsewhere"))
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(f"{self.page.url}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.said.append(f"{self.page.url} ({message.location['url']}): {message.text[:200]}")

    def word(self, message: str) -> str:
        """What the interface calls this, in the person's language."""
        with translation.override(self.language[:2]):
            return gettext(message)

    def go(self, path: str) -> None:
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"

    def button(self, message: str) -> Locator:
        return self.page.get_by_role("button", name=self.word(message)).locator("visible=true").first

    def link(self, message: str) -> Locator:
        return self.page.get_by_role("link", name=self.word(message)).locator("visible=true").first

    def field(self, message: str) -> Locator:
        words = self.word(message)
        return self.page.get_by_label(re.compile(rf"^{re.escape(words)}", re.IGNORECASE)).locator("visible=true").first

    def press(self, message: str) -> None:
        """Press the button with these words and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.button(message).click()

    def follow(self, message: str) -> None:
        """Follow the link with these words."""
        with self.page.expect_navigation():
            self.link(message).click()

    def look(self, name: str, page: Page | None = None) -> None:
        """Screenshot and axe in the light and on a dark phone; what is wrong is remembered."""
        page = page or self.page
        page.wait_for_load_state()
        self._number += 1
        for size, theme in LOOKS:
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # colours at once, not on their way
            label = f"{self._number:02}-{name}-{size}-{theme}"
            page.screenshot(path=self._artifacts / f"{label}.png", full_page=True)
            self.faults += [f"{label}: {barrier}" for barrier in barriers(page)]
            if wide := overflow(page):
                self.faults.append(f"{label}: {wide} pixels wider than the window")
        self.faults += [f"{name}: no icon {icon}" for icon in missing_icons(page)]
        (self._artifacts / "faults.txt").write_text("\n".join([*self.faults, *self.said]))
        width, height = SIZES["desktop"]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")

    def until(self, is_so: Callable[[], bool], *, seconds: float, reload: bool = False) -> None:
        """Wait, bringing the page up to date where it does not do so by itself."""
        for _ in range(int(seconds * 2)):
            if is_so():
                return
            self.page.wait_for_timeout(500)
            if reload:
                self.page.reload()
        raise AssertionError(f"not within {seconds} seconds on {self.page.url}")

    @contextmanager
    def popup(self, click: Callable[[], Any]) -> Iterator[Page]:
        """The page a click opens in a tab of its own."""
        with self.page.expect_popup() as opening:
            click()
        opened = opening.value
        opened.wait_for_load_state()
        yield opened
        opened.close()
