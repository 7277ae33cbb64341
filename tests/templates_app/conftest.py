import os

from tests.browser import browser

__all__ = ["browser"]

# Playwright keeps an event loop in the test's thread; the database is used from that thread only.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
