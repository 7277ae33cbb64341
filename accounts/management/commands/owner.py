"""`./manage.py owner [--ensure] [--reset] [--email E] [--json]`: who owns this installation, and a new password."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import WrongKeys, check_keys, ensure_owner


class Command(BaseCommand):
    help = "Make the owner of a new installation, or give the owner a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="owner@envol.example", help="address of a new owner")
        parser.add_argument("--ensure", action="store_true", help="make the owner where there is none (the default)")
        parser.add_argument("--reset", action="store_true", help="print a new password for the owner")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_keys()
        except WrongKeys as error:
            raise CommandError(str(error)) from error
        access = ensure_owner(email=options["email"], reset=options["reset"])
        if options["json"]:
            found = {"created": access.created, "email": access.email, "password": access.password}
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(f"login     {access.email}")
        self.stdout.write(f"password  {access.password or '(unchanged; --reset prints a new one)'}")
