#!/usr/bin/env python3
"""Django's commands, from the checkout and without activating anything.

Runs itself in the project's environment, and joins the running PostgreSQL and Redis or starts them for its own time.
"""

import os
import sys

from launcher import interpreter


def django():  # type: () -> int
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


def start():  # type: () -> int
    interpreter.ensure()
    # imported late, because an interpreter that is too old could not even read it
    from launcher.manage import within_project

    return within_project(django)


if __name__ == "__main__":
    sys.exit(start())
