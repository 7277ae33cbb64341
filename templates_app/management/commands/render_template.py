"""./manage.py render_template FILE.mjml [--contact JSON] [--json]"""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from templates_app.liquid import CannotRender
from templates_app.problems import Problem, SourceErrors
from templates_app.rendering import Compiled, compile_source, render, undefined_names
from templates_app.text_part import text_from_html
from templates_app.variables import known_names, preview_variables


class Command(BaseCommand):
    help = "Print the HTML of an MJML file, or what is wrong with it. Exit 0 printed, 1 refused, 2 wrong use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the MJML source")
        parser.add_argument("--contact", help='fill the names for one person: {"first_name": "Zoé", …}')
        parser.add_argument("--language", choices=["fr", "en"], default="fr", help="of its dates; default fr")
        parser.add_argument("--json", action="store_true", help="print html, text, names and problems as one object")

    def handle(self, *args: Any, **options: Any) -> None:
        source, contact = _read(options["file"]), _contact(options["contact"])
        try:
            compiled = compile_source(source)
            html = compiled.html if contact is None else _filled(compiled.html, contact, options["language"])
        except SourceErrors as error:
            self._refuse(options, error.problems)
        except CannotRender as error:
            self._refuse(options, [Problem(1, 1, str(error))])
        undefined = undefined_names(source, known=known_names().union(f"contact.{name}" for name in contact or ()))
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(compiled, html, undefined), ensure_ascii=False))
            return
        self._say(options["file"], compiled.warnings)
        for name in undefined:
            self.stderr.write(f"{options['file']}: warning: {name} is not defined")
        self.stdout.write(html)

    def _refuse(self, options: dict[str, Any], problems: list[Problem]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"problems": [one.as_json() for one in problems]}, ensure_ascii=False))
        else:
            self._say(options["file"], problems)
        sys.exit(1)

    def _say(self, file: Path, problems: list[Problem]) -> None:
        for one in problems:
            level = "error" if one.is_error else "warning"
            self.stderr.write(f"{file}:{one.line}:{one.column}: {level}: {one.message}")


def _filled(html: str, contact: dict[str, Any], language: str) -> str:
    return render(html, preview_variables(contact), language=language)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=2) from error


def _contact(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--contact is no JSON: {error}", returncode=2) from error
    if not isinstance(found, dict):
        raise CommandError("--contact must be an object of fields.", returncode=2)
    return found


def _as_json(compiled: Compiled, html: str, undefined: list[str]) -> dict[str, Any]:
    return {
        "html": html,
        "text": text_from_html(html),
        "bytes": len(html.encode()),
        "names": sorted(compiled.names),
        "undefined": undefined,
        "problems": [one.as_json() for one in compiled.warnings],
    }
