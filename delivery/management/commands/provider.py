"""./manage.py provider add|list|test|align"""

import json
import os
import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from deliverability.models import SendingDomain
from delivery import alignment
from delivery.alignment.findings import from_json, said_of
from delivery.capabilities import KINDS, SMTP, kind_of
from delivery.forms.alignment import SigningForm
from delivery.models import Alignment, Provider
from delivery.services import ProviderInput, ProviderRefused, save_provider, test_connection


class Command(BaseCommand):
    help = "Accounts at providers. Exit 0 done, 1 refused with the reason, 2 wrong use."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add an account")
        add.add_argument("name")
        how = add.add_mutually_exclusive_group(required=True)
        how.add_argument("--smtp", metavar="HOST:PORT", help="an SMTP server: 587 STARTTLS, 465 TLS, 25")
        how.add_argument("--kind", choices=sorted(set(KINDS) - {SMTP}), help="a provider's API")
        add.add_argument("--tls", choices=("none", "starttls", "tls"), help="default: by port (465 tls, 587 starttls)")
        add.add_argument("--username", default="")
        add.add_argument("--password-env", metavar="VAR", help="the environment variable that holds the password")
        add.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="in_flight=4 …")
        add.add_argument("--secret-env", action="append", default=[], metavar="NAME=VAR", help="of --kind")
        add.add_argument("--connections", type=int, default=2)
        add.add_argument("--default", action="store_true", help="use it unless another is chosen")
        test = verbs.add_parser("test", help="connect, encrypt, log in; send nothing")
        test.add_argument("name")
        align = verbs.add_parser("align", help="ask the DNS whether a domain allows an account; 0 when it does, else 1")
        align.add_argument("name")
        align.add_argument("domain")
        align.add_argument("--selector", action="append", default=[], help="of DKIM, where the account does not say it")
        align.add_argument("--spf", default="", metavar="NAME", help="a name to include, or an address (SMTP)")
        for verb in (add, test, align, verbs.add_parser("list", help="all accounts, without their secrets")):
            verb.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = {"add": self._add, "list": self._list, "test": self._test, "align": self._align}[options["verb"]]
        verb(options)

    def _add(self, options: dict[str, Any]) -> None:
        given = _smtp_input(options) if options["smtp"] else _api_input(options)
        try:
            provider = save_provider(given, provider=None, user=None)
        except ProviderRefused as refused:
            self._refuse(options, f"{refused.field}: {refused}")
        self._say(options, describe(provider), f"Added: {provider.name}.")

    def _list(self, options: dict[str, Any]) -> None:
        rows = [describe(provider) for provider in Provider.objects.order_by("name")]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            marks = [mark for mark, has in (("default", row["is_default"]), ("test inbox", row["is_catcher"])) if has]
            self.stdout.write("\t".join([row["name"], row["kind"], row.get("host", ""), ", ".join(marks)]))

    def _test(self, options: dict[str, Any]) -> None:
        provider = self._named(options)
        result = test_connection(provider, at=timezone.now())
        if not result.is_good:
            self._refuse(options, result.words)
        self._say(
            options,
            {"name": provider.name, "is_good": True, "words": result.words, "has_logged_in": result.has_logged_in},
            f"{provider.name}: connected. {result.words}".strip(),
        )

    def _align(self, options: dict[str, Any]) -> None:
        provider = self._named(options)
        domain = SendingDomain.objects.filter(name=options["domain"].lower()).first()
        if domain is None or provider.is_catcher:
            self._refuse(options, f"No sender is of {options['domain']}." if domain is None else str(provider))
        row, now = alignment.row_of(provider, domain), timezone.now()
        if options["selector"] or options["spf"]:
            has_spf = alignment.keeps_envelope(provider)
            if options["spf"] and not has_spf:
                raise CommandError("--spf cannot count: the envelope has this provider's own address.", returncode=2)
            given = {"selectors": " ".join(options["selector"]), "spf_via": options["spf"]}
            form = SigningForm(given, row=row, has_spf=has_spf)
            if not form.is_valid():
                raise CommandError(
                    " ".join(str(one) for errors in form.errors.values() for one in errors), returncode=2
                )
            alignment.describe(
                row, selectors=form.cleaned_data["selectors"], spf_via=form.cleaned_data.get("spf_via", ""), user=None,
                now=now,
            )  # fmt: skip
        if not alignment.ask_again(row, now=now):
            self._refuse(options, "No name server has answered.")
        self._say_alignment(options, row, is_covered=row.is_proven(now=now))

    def _say_alignment(self, options: dict[str, Any], row: Alignment, *, is_covered: bool) -> None:
        lines = [(one, said_of(one, provider=str(row.provider))) for one in from_json(row.findings)]
        records = [
            {"state": said.state, "title": str(said.title), "type": one.kind, "name": one.name, "value": one.want}
            for one, said in lines
        ]
        found = {"name": row.provider.name, "domain": row.domain.name, "is_good": is_covered, "records": records}
        words = "\n".join(
            f"{said.state}\t{said.title}\t{one.kind} {one.name} {one.want}".strip() for one, said in lines
        )
        self._say(options, found, words)
        if not is_covered:
            sys.exit(1)

    def _named(self, options: dict[str, Any]) -> Provider:
        provider = Provider.objects.filter(name=options["name"]).first()
        if provider is None:
            self._refuse(options, f"There is no provider called “{options['name']}”.")
        return provider

    def _say(self, options: dict[str, Any], found: dict[str, Any], words: str) -> None:
        self.stdout.write(json.dumps(found, ensure_ascii=False) if options["json"] else words)

    def _refuse(self, options: dict[str, Any], words: str) -> NoReturn:
        if options["json"]:
            self.stdout.write(json.dumps({"is_good": False, "reason": words}, ensure_ascii=False))
        else:
            self.stderr.write(words)
        sys.exit(1)


def describe(provider: Provider) -> dict[str, Any]:
    """What may be shown of an account: everything but its secrets."""
    shown = {
        "id": provider.pk,
        "name": provider.name,
        "kind": provider.kind,
        "connections": provider.connection_count,
        "is_default": provider.is_default,
        "is_catcher": provider.is_catcher,
    }
    return shown | {name: value for name, value in provider.options.items() if name not in shown}


def _smtp_input(options: dict[str, Any]) -> ProviderInput:
    host, _, port = options["smtp"].rpartition(":")
    if not host or not port.isdigit():
        raise CommandError("--smtp takes HOST:PORT.", returncode=2)
    tls = options["tls"] or {"465": "tls", "587": "starttls"}.get(port, "none")
    values = dict(_pair(text) for text in options["option"])
    values |= {"host": host.strip("[]"), "port": port, "tls": tls, "username": options["username"]}
    if options["password_env"]:
        values["password"] = _from_environment(options["password_env"])
    return _input(options, SMTP, values)


def _api_input(options: dict[str, Any]) -> ProviderInput:
    values = dict(_pair(text) for text in options["option"])
    values |= {name: _from_environment(variable) for name, variable in map(_pair, options["secret_env"])}
    return _input(options, options["kind"], values)


def _input(options: dict[str, Any], kind: str, values: dict[str, Any]) -> ProviderInput:
    known = [one.name for one in kind_of(kind).fields]
    if strange := set(values).difference(known):
        raise CommandError(f"{kind} knows no “{min(strange)}”, but: {', '.join(known)}.", returncode=2)
    return ProviderInput(
        name=options["name"],
        kind=kind,
        values=values,
        connection_count=options["connections"],
        is_default=options["default"],
    )


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise CommandError(f"“{text}” is not NAME=VALUE.", returncode=2)
    return name, value


def _from_environment(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise CommandError(f"The environment variable {variable} is not set.", returncode=2)
    return value
