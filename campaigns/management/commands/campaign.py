"""Campaigns from the command line.

    campaign create NAME --list LIST --template FILE.mjml --subject TEXT --from "Name <address>" [--provider NAME]
                    [--stream NAME]
    campaign send NAME [--at ISO-TIME] [--over HOURS] [--not-at-night] [--first-wave PEOPLE] [--watch MINUTES] [--wait]
    campaign pause|resume|cancel NAME
    campaign report NAME

Exit 0 done, 1 refused with the reason, 2 wrong use. --json everywhere.
"""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.management.commands import _campaign as verbs
from campaigns.models import PACES, WATCHES


def _people(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise ValueError(text)
    return number


class Command(BaseCommand):
    help = "Create, send, pause, resume and cancel a campaign, and read its report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        shared = ArgumentParser(add_help=False)
        shared.add_argument("name", help="the campaign's name")
        shared.add_argument("--json", action="store_true", help="print one JSON object")
        create = actions.add_parser("create", parents=[shared], help="a draft from a template file")
        create.add_argument("--list", action="append", required=True, dest="lists", help="may be given several times")
        create.add_argument("--template", required=True, help="a file of MJML with Liquid")
        create.add_argument("--subject", required=True)
        create.add_argument("--preheader", default="")
        create.add_argument("--from", required=True, dest="sender", help='"Name <address>"')
        create.add_argument("--reply-to", default="")
        create.add_argument("--provider", default="", help="this one and no other; left out, the stream's")
        create.add_argument("--stream", default="", help="the one for marketing when left out")
        create.add_argument("--language", default="fr", choices=("fr", "en"))
        send = actions.add_parser("send", parents=[shared], help="send it now, or at a time")
        send.add_argument("--at", help="ISO 8601, for instance 2026-12-01T09:30+01:00")
        send.add_argument("--over", type=int, default=0, choices=PACES, metavar="HOURS", help="spread it evenly")
        send.add_argument("--first-wave", type=_people, default=0, metavar="PEOPLE", help="of each mailbox provider")
        send.add_argument("--watch", type=int, default=15, choices=WATCHES, metavar="MINUTES", help="the first wave")
        send.add_argument("--not-at-night", action="store_true", help="nothing between 9 pm and 8 am")
        send.add_argument(
            "--wait", action="store_true", help="stay until it is finished; do the work where nobody does"
        )
        for word in ("pause", "resume", "cancel", "report"):
            actions.add_parser(word, parents=[shared])

    def handle(self, *_args: Any, **options: Any) -> None:
        call = getattr(verbs, options["action"])
        try:
            found = call(options, say=self._say if not options["json"] else self._mute)
        except verbs.Refused as refused:
            self._refuse(refused, as_json=options["json"])
        except verbs.WrongUse as error:
            raise CommandError(str(error), returncode=2) from error
        else:
            self.stdout.write(
                json.dumps(found.as_json, ensure_ascii=False, indent=2) if options["json"] else found.text
            )

    def _say(self, line: str) -> None:
        self.stderr.write(line)

    @staticmethod
    def _mute(_line: str) -> None:
        return

    def _refuse(self, refused: verbs.Refused, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"refused": refused.problems}, ensure_ascii=False, indent=2))
        for problem in refused.problems:
            self.stderr.write(problem)
        sys.exit(1)
