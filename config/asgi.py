"""What the web processes serve: the doors of what comes by the thousand, then the pages, each in a thread."""

import os

from a2wsgi import WSGIMiddleware

from common.doors import Front
from config.wsgi import application as django  # before what has models: it sets Django up
from feedback.door import HitDoor

# threads no more than the pool of each process has connections for (DATABASES in config/settings.py)
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)

application = Front(doors=[HitDoor()], pages=WSGIMiddleware(django, workers=THREADS))
