"""What every page says when nothing can be sent."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from analytics.health import absence


def health(_request: HttpRequest) -> dict[str, Any]:
    """`absence`: what is missing, looked up only by pages that show it (two reads of Redis)."""
    return {"absence": SimpleLazyObject(lambda: absence(now=timezone.now()))}
