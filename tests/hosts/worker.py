"""A host's worker: what Celery's tasks do, until the mailing is finished. A lost database is tried again."""

import contextlib
import sys
import time

import django

django.setup()

from django.db import Error, connection  # noqa: E402

from tests.kill.worker import work  # noqa: E402

if __name__ == "__main__":
    while True:
        with contextlib.suppress(Error):
            work(int(sys.argv[1]))
            break
        connection.close()
        time.sleep(0.2)
