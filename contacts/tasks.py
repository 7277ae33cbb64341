"""Celery's legs: one call each."""

from celery import shared_task
from django.utils import timezone, translation

from common.locks import only_one
from contacts import bulk, exports, field_indexes, mail_domains, search
from contacts.hygiene import duplicates, flags, quiet, retention, sunset
from contacts.imports import sweep_unstarted, waiting_imports, work_on
from contacts.models import BulkChange, ContactExport, ContactImport
from contacts.services import tidy


@shared_task(queue="default")
def tidy_confirmations() -> None:
    with only_one("contacts.tidy_confirmations") as is_ours:
        if is_ours:
            tidy()


@shared_task(queue="bulk")
def run_import(import_id: int) -> None:
    """Try, run, undo, or go on with one import, in the language of whoever uploaded it."""
    job = ContactImport.objects.select_related("user").filter(pk=import_id).first()
    if job is None:
        return
    with translation.override((job.user and job.user.language) or None):
        work_on(job)
    if ContactImport.objects.filter(pk=import_id, state=ContactImport.State.DONE).exists():
        look_up_domains.apply_async((), {"is_whole": True}, expires=600)


@shared_task(queue="default")
def resume_imports() -> None:
    """Find released imports nobody holds: their worker died, or the message was lost."""
    with only_one("contacts.resume_imports") as is_ours:
        if is_ours:
            for number in waiting_imports():
                run_import.apply_async((number,), expires=20)  # found again by the next sweep


@shared_task(queue="default")
def sweep_imports() -> None:
    """Delete the files that nobody started."""
    with only_one("contacts.sweep_imports") as is_ours:
        if is_ours:
            sweep_unstarted(at=timezone.now())


@shared_task(queue="bulk")
def run_export(export_id: int) -> None:
    """Write one export, in the language of whoever asked for it."""
    job = ContactExport.objects.select_related("user").filter(pk=export_id).first()
    if job is None:
        return
    with translation.override((job.user and job.user.language) or None):
        exports.run_export(export_id)


@shared_task(queue="default")
def tend_exports() -> None:
    """Ring for exports nobody works on, and remove the files whose week is over."""
    with only_one("contacts.tend_exports") as is_ours:
        if is_ours:
            exports.remove_expired()
            for number in exports.waiting_exports():
                run_export.apply_async((number,), expires=50)  # found again by the next sweep


@shared_task(queue="default")
def look_up_domains(is_whole: bool = False) -> None:
    """Who keeps the mailboxes of company domains; `is_whole` after an import and each night, when people are new."""
    with only_one("contacts.look_up_domains") as is_ours:
        if is_ours:
            mail_domains.tend(now=timezone.now(), is_whole=is_whole)


@shared_task(queue="bulk")
def tend_field_indexes() -> None:
    """Build and drop the indexes of fields, as asked for on their page. A build at a million takes some seconds."""
    with only_one("contacts.tend_field_indexes") as is_ours:
        if is_ours:
            field_indexes.tend_indexes()


@shared_task(queue="default")
def make_forecasts() -> None:
    """What a rule would do, for whoever asked; a ring that was lost is made up for by the next."""
    with only_one("contacts.make_forecasts") as is_ours:
        if is_ours:
            quiet.make_forecasts()


@shared_task(queue="bulk")
def look_for_duplicates() -> None:
    """Somebody is waiting for it; who finds it held is served by the pass that holds it."""
    with only_one("contacts.look_for_duplicates") as is_ours:
        if is_ours:
            duplicates.find_duplicates()


@shared_task(queue="default")
def keep_clean() -> None:
    """Each night: flags and duplicates found anew, then the rules that are switched on."""
    with only_one("contacts.keep_clean") as is_ours:
        if is_ours:
            flags.flag_everybody()
            duplicates.find_duplicates()
            sunset.run_sunset(at=timezone.now())
            retention.run_retention(at=timezone.now())


@shared_task(queue="bulk")
def run_change(change_id: int) -> None:
    """Make one bulk change, in the language of whoever asked for it."""
    change = BulkChange.objects.select_related("user").filter(pk=change_id).first()
    if change is None:
        return
    with translation.override((change.user and change.user.language) or None):
        bulk.run_change(change_id)


@shared_task(queue="default")
def tend_changes() -> None:
    """Ring for bulk changes nobody works on."""
    with only_one("contacts.tend_changes") as is_ours:
        if is_ours:
            for number in bulk.waiting_changes():
                run_change.apply_async((number,), expires=20)  # found again by the next sweep


@shared_task(queue="default")
def tend_search(is_whole: bool = False) -> None:
    """Make new contacts findable by any part of their address or name; `is_whole` once a night."""
    with only_one("contacts.tend_search") as is_ours:
        if is_ours:
            if is_whole:
                search.mend()
            else:
                search.catch_up(most=search.A_SWEEP)
