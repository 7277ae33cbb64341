"""How many messages a key may send a minute, counted in Redis. Without Redis nothing is refused: the messages are
durable and the lanes have limits of their own.
"""

from datetime import datetime

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from accounts.models import ApiKey

log = structlog.get_logger(__name__)


def take(key: ApiKey, count: int, *, at: datetime) -> int:
    """Count `count` messages of a key; 0 when they may be sent, else the seconds until the next minute begins."""
    if key.per_minute is None:
        return 0
    name = f"api:{key.pk}:{at:%Y%m%d%H%M}"
    try:
        cache.add(name, 0, timeout=120)
        if cache.incr(name, count) <= key.per_minute:
            return 0
        cache.decr(name, count)
    except (RedisError, ValueError) as error:
        log.warning("no_rate_counters", error=str(error))
        return 0
    return 60 - at.second
