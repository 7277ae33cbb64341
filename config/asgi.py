"""What the web processes serve: the doors of what comes by the thousand, then the pages, each in a thread."""

import gc
import os
from typing import Any

from a2wsgi import WSGIMiddleware

from common.doors import Front
from config.wsgi import application as django  # before what has models: it sets Django up
from feedback.door import HitDoor
from transactional.door import RequestDoor

# threads no more than the pool of each process has connections for (DATABASES in config/settings.py)
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)

pages: Any = WSGIMiddleware(django, workers=THREADS)  # type: ignore[arg-type]  # its own words for the same types
application = Front(doors=[HitDoor(), RequestDoor()], pages=pages)

# What was loaded stays: the collector need not walk through it again and again (a third of a webhook's time). An array
# of a thousand events is ten thousand containers and no cycle: looking through the young ones was another quarter.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)
