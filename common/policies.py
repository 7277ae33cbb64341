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

POLICIES = {"page": PAGE, "public": PUBLIC, "editor": EDITOR, "message": MESSAGE}

_View = Callable[..., Any]


def _policy(name: str) -> Callable[[_View], _View]:
    def decorate(view: _View) -> _View:
        under_policy: _View = csp(POLICIES[name])(view)
        under_policy.policy = name  # type: ignore[attr-defined]
        return under_policy

    return decorate


public_policy = _policy("public")
editor_policy = _policy("editor")
message_policy = _policy("message")


def policy_of(view: _View) -> str:
    """The name of the policy a view answers under."""
    name: str = getattr(view, "policy", "page")
    return name
