"""What needs Django and the drivers before the programs start. Runs in the project's environment, as one process.

Prints one line of JSON: {"owner": {…}} or {"refused": "one sentence"}. Everything else goes to standard error.
"""

import json
import os
import sys
from io import StringIO
from urllib.parse import urlsplit

OLDEST_POSTGRES = 140000
OLDEST_REDIS = (6, 2)


class Unreachable(Exception):
    """A server that cannot be used; the text is a sentence for the person who named it."""


def check_database(url: str) -> None:
    """Raises Unreachable where no PostgreSQL that is new enough answers at `url` within five seconds."""
    import psycopg

    where = urlsplit(url)
    name = f"{where.hostname or 'this machine'}{where.path}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise Unreachable(f"The database of DATABASE_URL ({name}) cannot be used: {reason}") from error
    if version < OLDEST_POSTGRES:
        raise Unreachable(f"The database of DATABASE_URL is PostgreSQL {version // 10000}; Envol needs 14 or newer.")


def check_redis(url: str) -> None:
    """Raises Unreachable where no Redis that is new enough answers at `url` within five seconds."""
    import redis

    where = urlsplit(url)
    name = f"{where.hostname or where.path}:{where.port or 6379}" if where.hostname else where.path
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as connection:
            told = connection.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unreachable(f"The Redis of REDIS_URL ({name}) cannot be used: {error}") from error
    version = tuple(int(part) for part in str(told["redis_version"]).split(".")[:2])
    if version < OLDEST_REDIS:
        raise Unreachable(f"The Redis of REDIS_URL has version {told['redis_version']}; Envol needs 6.2 or newer.")


def main(arguments: list[str]) -> int:
    """Check the servers, migrate, collect the static files where asked to, make the owner."""
    import django
    from django.core.management import call_command

    try:
        check_database(os.environ["DATABASE_URL"])
        check_redis(os.environ["REDIS_URL"])
    except Unreachable as error:
        sys.stdout.write(json.dumps({"refused": str(error)}))
        return 0
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0, interactive=False, stdout=sys.stderr)
    if "--collect-static" in arguments:
        call_command("collectstatic", clear=True, interactive=False, verbosity=0, stdout=sys.stderr)
    told = StringIO()
    call_command("owner", ensure=True, json=True, stdout=told)
    sys.stdout.write(json.dumps({"owner": json.loads(told.getvalue())}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
