"""The door of the pages."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("ENVOL_WEB", "1")  # the web processes share a pool of connections

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from accounts.services import check_keys  # noqa: E402

check_keys()  # a door that signs with other keys than its database knows must not open
