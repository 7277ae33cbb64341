"""A real Chromium for tests that need eyes. Skipped, and said so, where no browser is found."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
BUILT = Path(__file__).parent.parent / "static" / "build" / "envol.css"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "desktop": (1440, 900)}
# WCAG 2.2 AA, and what axe calls good practice.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

expect.set_options(timeout=15_000)  # two cores shared with servers and workers


def chromium() -> str | None:
    """The browser to drive: CHROMIUM, else the first of the usual names on PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found: pages were not looked at")
    if not BUILT.exists():
        pytest.fail("static/build is missing: npm ci && npm run build")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield running
        running.close()


def context_of(
    browser: Browser, *, size: str = "desktop", theme: str = "light", language: str = "en"
) -> BrowserContext:
    """A fresh window. `size` is one of SIZES, `theme` what the system prefers, `language` the browser's."""
    width, height = SIZES[size]
    scheme: Any = theme
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale=language)
    context.set_default_timeout(30_000)
    return context


def complaints(page: Page) -> list[str]:
    """Fills with what the console says against the page: refused by policy, or thrown by a script."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def barriers(page: Page) -> list[str]:
    """What axe finds: rule, how bad, and where."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']} ({rule['impact']}): {[node['target'] for node in rule['nodes']][:3]}" for rule in found]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    width: int = page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")
    return width


def missing_icons(page: Page) -> set[str]:
    """Icons the page names and the sprite does not hold: a name made up at run time that the build could not see."""
    named: list[str] = page.evaluate("[...document.querySelectorAll('use')].map(use => use.href.baseVal)")
    if not named:
        return set()
    sprite = page.request.get(urljoin(page.url, named[0].split("#")[0])).text()
    return {name.split("#")[1] for name in named if f'id="{name.split("#")[1]}"' not in sprite}


def faults(page: Page) -> list[str]:
    """What is wrong with the page at the width of its window, and how much wider it would be than a tablet.

    In a window as high as the page: axe cannot know that what lies under a bar at the window's foot can be scrolled to.
    """
    shown, (tablet, height) = page.viewport_size or {"width": SIZES["desktop"][0], "height": 900}, SIZES["tablet"]
    wide = overflow(page)
    page.set_viewport_size({"width": shown["width"], "height": page.evaluate("document.documentElement.scrollHeight")})
    found = [*barriers(page), *(f"no icon {name}" for name in missing_icons(page))]
    page.set_viewport_size({"width": tablet, "height": height})
    if wide := max(wide, overflow(page)):
        found.append(f"{wide} pixels too wide")
    page.set_viewport_size({"width": shown["width"], "height": shown["height"]})
    return found
