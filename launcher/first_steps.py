"""What needs Django and the drivers before the programs start. Runs in the project's environment, as one process.

Prints one line of JSON: {"owner": {…}} or {"refused": "one sentence"}. Everything else goes to standard error.
"""

import json
import os
import sys
from io import StringIO

import django
from django.core.management import call_command

from launcher.reach import check_database, check_redis
from launcher.refusal import Refusal


def main(arguments: list[str]) -> int:
    """Check the servers, migrate, collect the static files where asked to, make the owner; 0, or the traceback's 1."""
    try:
        check_database(os.environ["DATABASE_URL"])
        check_redis(os.environ["REDIS_URL"])
    except Refusal as error:
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
