"""Whether the database keeps what it has said yes to. Without that a crash takes marks back, and mail is doubled."""

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")


def risky_settings() -> list[str]:
    """Those of SETTINGS that are off in the server or for this database; none of a test's own database."""
    if str(connection.settings_dict["NAME"]).startswith("test_"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from pg_settings where name = any(%s) and setting = 'off' order by name", [list(SETTINGS)]
        )
        return [row[0] for row in cursor.fetchall()]


def warn() -> None:
    """Said once by each worker that starts."""
    if risky := risky_settings():
        log.error("database_is_not_durable", switched_off=risky)
