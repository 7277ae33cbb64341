"""./manage.py import_contacts FILE --list NAME --consent-source TEXT: a contact file into a list, in this process.

Exit 0 done, 1 refused with the reason, 2 wrong use.
"""

import json
from pathlib import Path
from time import sleep
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from contacts.imports import (
    ImportRefused,
    UnreadableFile,
    match_columns,
    open_files,
    run_import,
    start_import,
    state_consent,
    state_suppression,
)
from contacts.models import ConsentState, ContactImport, ContactList
from contacts.services import create_list

TRACKING = {
    "granted": ConsentState.GRANTED,
    "denied": ConsentState.DENIED,
    "unknown": ConsentState.UNKNOWN,
}


class Command(BaseCommand):
    help = "Import contacts (CSV, TSV, XLSX, or a ZIP of those) into a list, which is made where there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--list", required=True, metavar="NAME", dest="list_name")
        parser.add_argument("--consent-source", required=True, metavar="TEXT", help="where the consent comes from")
        parser.add_argument("--tracking-consent", choices=TRACKING, default="unknown")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(_("There is no file %(path)s.") % {"path": path}, returncode=2)
        if not options["list_name"].strip() or not options["consent_source"].strip():
            raise CommandError(_("--list and --consent-source cannot be empty."), returncode=2)
        try:
            jobs = self._run(path, options)
        except (UnreadableFile, ImportRefused) as error:
            raise self._refused(str(error), as_json=options["as_json"]) from error
        for job in jobs:
            if job.state != ContactImport.State.DONE:
                raise self._refused(job.error or str(job.get_state_display()), as_json=options["as_json"])
        self._print(jobs, as_json=options["as_json"])

    def _run(self, path: Path, options: dict[str, Any]) -> list[ContactImport]:
        with path.open("rb") as file:
            jobs = open_files(file=File(file), file_name=path.name, user=None)
        for job in jobs:
            match_columns(job=job, mapping=job.mapping)
        for job in jobs:
            self._state(job, options)
            start_import(job=job)
        # Those who must not be mailed come first.
        return [run_import(job.pk, report=self._report) or self._look_on(job) for job in jobs]

    def _state(self, job: ContactImport, options: dict[str, Any]) -> None:
        if job.kind == ContactImport.Kind.SUPPRESS:  # the unsubscribed or dead people of another platform
            state_suppression(job=job, reason=job.suppression_reason or 0)
            return
        name = options["list_name"].strip()
        state_consent(
            job=job,
            contact_list=ContactList.objects.filter(name=name).first() or create_list(name=name),
            consent_source=options["consent_source"],
            tracking_consent=TRACKING[options["tracking_consent"]],
        )

    def _look_on(self, job: ContactImport) -> ContactImport:
        """A worker's sweep was faster: the import is its work, and ours is to wait for it."""
        while job.state == ContactImport.State.RUNNING:
            sleep(0.5)
            job.refresh_from_db()
            self._report(job)
        return job

    def _report(self, job: ContactImport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{job.percent} %  {job.row_count} ", ending="")

    def _refused(self, message: str, *, as_json: bool) -> CommandError:
        if as_json:
            self.stdout.write(json.dumps({"error": message}, ensure_ascii=False))
        return CommandError(message, returncode=1)

    def _print(self, jobs: list[ContactImport], *, as_json: bool) -> None:
        if len(jobs) == 1:
            self._print_table(jobs[0], as_json=as_json)
        elif as_json:
            self.stdout.write(json.dumps({"tables": [_as_json(job) for job in jobs]}, ensure_ascii=False))
        else:
            for job in jobs:
                self.stdout.write(job.file_name)
                self._print_table(job, as_json=False)

    def _print_table(self, job: ContactImport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_as_json(job), ensure_ascii=False))
            return
        found = _figures(job)
        if job.kind == ContactImport.Kind.SUPPRESS:
            self.stdout.write(_("These people must not be mailed; created: newly suppressed."))
        for name, value in found.items():
            if name != "reasons":
                self.stdout.write(f"{name} {value}")
        self.stdout.write("reasons " + " ".join(f"{reason}={count}" for reason, count in found["reasons"].items()))
        if job.kept_out_count:
            self.stdout.write(_("%(count)d people left earlier and stay out.") % {"count": job.kept_out_count})
        if job.refused_file:
            self.stdout.write(_("Refused rows: %(path)s") % {"path": job.refused_file.path})


def _figures(job: ContactImport) -> dict[str, Any]:
    return {
        "rows": job.row_count,
        "created": job.created_count,
        "changed": job.changed_count,
        "unchanged": job.unchanged_count,
        "refused": job.refused_count,
        "reasons": {"missing": 0, "broken": 0, "duplicate": 0} | job.reasons,
    }


def _as_json(job: ContactImport) -> dict[str, Any]:
    return _figures(job) | {
        "kept_out": job.kept_out_count,
        "refused_file": job.refused_file.path if job.refused_file else None,
        "file": job.file_name,
        "kind": job.kind,
    }
