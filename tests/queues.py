"""What tasks have rung for."""

import json
from typing import Any

from django.conf import settings
from redis import Redis


def rung(queue: str) -> list[tuple[str, dict[str, Any]]]:
    """(task, headers) of what waits in a queue, which is emptied."""
    redis = Redis.from_url(settings.REDIS_URL)
    found = [json.loads(one)["headers"] for one in redis.lrange(queue, 0, -1)]  # type: ignore[union-attr]
    redis.delete(queue)
    return [(headers["task"], headers) for headers in found]
