"""Whether the servers that the environment names can be used. Runs in the project's environment, for the drivers."""

from urllib.parse import urlsplit

import psycopg
import redis

from launcher.binaries import OLDEST_REDIS
from launcher.refusal import Refusal

# as the server itself counts: 14.0
OLDEST_POSTGRES = 140000
_PATIENCE_SECONDS = 5


def check_database(url: str) -> None:
    """Raises Refusal where no PostgreSQL that is new enough answers at `url`; never repeats its password."""
    where = urlsplit(url)
    if where.scheme not in ("postgres", "postgresql"):
        raise Refusal("DATABASE_URL must look like postgres://user:password@host:5432/name.")
    try:
        with psycopg.connect(url, connect_timeout=_PATIENCE_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0].removeprefix("connection failed: ")
        raise Refusal(f"The database of DATABASE_URL cannot be used: {reason}") from error
    if version < OLDEST_POSTGRES:
        raise Refusal(f"The database of DATABASE_URL is PostgreSQL {version // 10000}; Envol needs 14 or newer.")


def check_redis(url: str) -> None:
    """Raises Refusal where no Redis that is new enough answers at `url`; never repeats its password."""
    if urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise Refusal("REDIS_URL must look like redis://:password@host:6379/0.")
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_PATIENCE_SECONDS, socket_timeout=_PATIENCE_SECONDS
        ) as it:
            told = str(it.info("server")["redis_version"])
    except (redis.RedisError, OSError, ValueError) as error:
        raise Refusal(f"The Redis of REDIS_URL cannot be used: {error}") from error
    if tuple(int(part) for part in told.split(".")[:2]) < OLDEST_REDIS:
        raise Refusal(f"The Redis of REDIS_URL has version {told}; Envol needs 6.2 or newer.")
