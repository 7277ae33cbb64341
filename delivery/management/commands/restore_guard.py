"""./manage.py restore_guard [--release]"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from delivery import guard
from delivery.restored import restored


class Command(BaseCommand):
    help = "Whether the database has gone back, and what waits for a decision. Exit 0 done, 1 nothing to release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--release", action="store_true", help="a person has looked: let sending go on")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        guard.check()
        if options["release"] and not guard.release(user=None):
            raise CommandError("Sending is not held.")
        found = restored()
        said = {
            "is_held": found.is_held,
            "count": found.guard.count if found.guard else 0,
            "undecided": [{"mailing": one.mailing.pk, "name": one.mailing.name} | one.ledger.numbers()
                          for one in found.mailings],
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        self.stdout.write("Sending is held: the database has gone back." if found.is_held else "Sending is not held.")
        for one in found.mailings:
            self.stdout.write(
                f"  {one.mailing.pk} {one.mailing.name}: {one.ledger.pending} waiting, {one.ledger.unknown} in doubt, "
                f"{one.ledger.accepted} accepted"
            )
