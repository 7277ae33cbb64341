#!/usr/bin/env python3
"""Django's commands, from the checkout and without activating anything.

Runs itself in the project's environment, and joins the running PostgreSQL and Redis or starts them for its own time.
"""

import sys

from launcher import interpreter


def start():  # type: () -> int
    interpreter.ensure()
    # imported late, because an interpreter that is too old could not even read it
    from launcher.manage import main

    return main(sys.argv)


if __name__ == "__main__":
    sys.exit(start())
