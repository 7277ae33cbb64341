"""The four content security policies. A view that needs another than PAGE says so with one of the decorators.

They live on the lowest floor because views of every app name them, and nobody imports config.
"""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp

SELF = "'self'"
NONE = "'none'"

PAGE: dict[str, Any] = {
    "default-src": [SELF],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "frame-src": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
PUBLIC: dict[str, Any] = PAGE | {"script-src": [NONE], "connect-src": [NONE], "frame-src": [NONE]}
# GrapesJS writes style elements into its canvas and shows images of any https host; scripts stay ours.
EDITOR: dict[str, Any] = PAGE | {"style-src": [SELF, "'unsafe-inline'"], "img-src": [SELF, "data:", "https:"]}
# A message from its own route: no script at all, and safe even when opened directly.
MESSAGE: dict[str, Any] = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "img-src": [SELF, "https:", "data:"],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
public_policy: _Decorator = csp(PUBLIC)
editor_policy: _Decorator = csp(EDITOR)
message_policy: _Decorator = csp(MESSAGE)
