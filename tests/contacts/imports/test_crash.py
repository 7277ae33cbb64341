"""A worker killed in the middle of an import: the next goes on after the last merged row. Nothing twice or lost."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from contacts.imports import run_import
from contacts.models import Consent, Contact, ContactImport, Subscription
from tests.contacts.imports.conftest import Importer

ROWS = 3_000
# A worker of its own that takes small bites, so that there is a middle to be killed in.
WORKER = """
import sys
from functools import partial
import django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[2]
from contacts.imports import chunks, run_import, running
running.Source = partial(chunks.Source, chunk_rows=100)
run_import(int(sys.argv[1]))
"""


def people(count: int) -> str:
    """Every tenth row is the duplicate of the row nine before it; every hundredth has no address."""
    lines = ["email,first_name"]
    for number in range(count):
        address = f"p{number - 9 if number % 10 == 9 else number}@courriel.example"
        lines.append(f"{'' if number % 100 == 55 else address},Léa")
    return "\n".join(lines) + "\n"


def start_worker(job: ContactImport) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    host, port = database["HOST"] or "", database["PORT"] or ""
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    url = f"postgres://{database['USER']}{password}@{host}{f':{port}' if port else ''}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.test_settings"}
    command = [sys.executable, "-c", WORKER, str(job.pk), str(settings.MEDIA_ROOT)]
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)


def wait_for_rows(job: ContactImport, worker: subprocess.Popen[bytes], count: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and worker.poll() is None:
        job.refresh_from_db()
        if job.row_cursor >= count:
            return
        time.sleep(0.005)
    raise AssertionError(f"the worker stands at {job.row_cursor} rows, exit {worker.poll()}")


@pytest.mark.django_db(transaction=True)
def test_killed_worker_is_followed_by_one_that_goes_on(release: Importer) -> None:
    job = release(people(ROWS))
    for position in (500, 1_500):
        ContactImport.objects.update(lease_until=None)
        worker = start_worker(job)
        wait_for_rows(job, worker, position)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()

    job.refresh_from_db()
    assert 1_500 <= job.row_cursor < ROWS
    assert run_import(job.pk) is None, "its lease is not over"
    with Path(job.refused_file.path).open("ab") as file:  # as if killed between the file and the journal
        file.write(b"half a li")
    ContactImport.objects.update(lease_until=Now())
    done = run_import(job.pk)

    assert done is not None
    assert done.state == ContactImport.State.DONE
    missing, duplicates = ROWS // 100, ROWS // 10
    assert done.row_count == ROWS
    assert done.reasons == {"missing": missing, "duplicate": duplicates}
    created = ROWS - missing - duplicates
    assert done.created_count == created == Contact.objects.count()
    assert Subscription.objects.count() == Consent.objects.count() == created
    with Path(done.refused_file.path).open(encoding="utf-8-sig", newline="") as file:
        lines = [int(row["line"]) for row in csv.DictReader(file)]
    assert lines == sorted(set(lines))
    assert len(lines) == missing + duplicates


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_merge_each_row_once(release: Importer) -> None:
    job = release(people(2_000))
    first = start_worker(job)
    wait_for_rows(job, first, 100)
    ContactImport.objects.update(lease_until=Now())  # the first is asleep, as far as the others know
    second = start_worker(job)

    assert (first.wait(60), second.wait(60)) == (0, 0)

    job.refresh_from_db()
    if job.state == ContactImport.State.RUNNING:  # both stepped back; the sweep rings again
        ContactImport.objects.update(lease_until=None)
        run_import(job.pk)
        job.refresh_from_db()
    assert job.state == ContactImport.State.DONE
    assert job.row_count == 2_000 == job.created_count + job.refused_count
    assert Contact.objects.count() == job.created_count == 1_780
