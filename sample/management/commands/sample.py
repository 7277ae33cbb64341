"""`manage.py sample load|remove`."""

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sample.services import SampleRefused, load, remove


class Command(BaseCommand):
    help = "Sample data in French and English: load it and send one campaign to the test inbox, or remove all of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["load", "remove"])
        parser.add_argument("--json", action="store_true", help="one line of JSON at the end instead of words")

    def handle(self, *args: Any, **options: Any) -> None:
        self._is_json = options["json"]
        for name in ("delivery", "feedback"):  # a line for each batch would drown the few that matter here
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            if options["verb"] == "load":
                self._load()
            else:
                self._remove()
        except SampleRefused as error:
            raise CommandError(str(error)) from error

    def _load(self) -> None:
        loaded = load(now=timezone.now(), say=self._say)
        if self._is_json:
            self.stdout.write(json.dumps(loaded.to_json()))
        elif loaded.people:
            self.stdout.write(
                f"Sample data: {loaded.people:,} people, {loaded.campaigns} campaigns, {loaded.sent} mails in the test "
                f"inbox, in {loaded.seconds} s. `./manage.py sample remove` takes all of it back."
            )
        else:
            self.stdout.write("The sample data is there already.")

    def _remove(self) -> None:
        removed = remove()
        if self._is_json:
            self.stdout.write(json.dumps(removed.to_json()))
        else:
            self.stdout.write(f"Removed {removed.people:,} people and {removed.campaigns} campaigns of the sample.")
            if removed.kept:
                self.stdout.write(f"Kept {removed.kept} lists, templates or senders that your own data uses.")

    def _say(self, words: str) -> None:
        if not self._is_json:
            self.stdout.write(f"{words} …")
            self.stdout.flush()
