"""From the click on "send" to the first message at the server, with a million contacts in the list.

    python -m benchmarks.start SINK [--people 1000000] [--times 20]

The time in which a click can be undone is left out: it is there on purpose, and the click is answered inside it (the
audience counted, everything checked). What follows is what a person waits for: the campaign planned and checked again,
the first block of the audience frozen, Celery's workers rung, the connection opened, the message rendered, marked and
handed over. Row 5 of the performance table.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.campaign import populate, source_of
from benchmarks.servers import facts, fresh_django

if TYPE_CHECKING:
    from campaigns.services import Draft

LISTMONK = "listmonk 6.2.0, known: a scan every 5 s (0 to 5 s), then a full count"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sink")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    port = 20_000 + os.getpid() % 20_000
    os.environ["ENVOL_CATCHER_PORT"] = str(port)  # the sink in the place of the test inbox: no DNS in the way
    with fresh_django(), tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "sink"
        subprocess.run(["cc", "-O2", "-o", str(binary), options.sink], check=True)
        print(facts(), flush=True)
        populate(options.people)
        draft = _draft()
        with _workers():
            found = [_start([str(binary), str(port)], draft, number) for number in range(options.times + 1)][1:]
    print(f"\n\n{options.people} people in the list, {options.times} campaigns: milliseconds\n")
    print(f"{'':40}{'median':>9}{'p95':>9}{'worst':>9}")
    for place, name in enumerate(("the click, to its answer", "its time has come, to the first message")):
        ordered = sorted(times[place] for times in found)
        p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        print(f"{name:40}{statistics.median(ordered):9.0f}{p95:9.0f}{ordered[-1]:9.0f}")
    print(f"\n{LISTMONK}")


@contextlib.contextmanager
def _workers() -> Iterator[None]:
    """Celery's, as `make run` starts them; without the beat, which only finds what a click has not rung for."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-Q", "bulk,default"]
    command += ["--concurrency", "3", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as worker:
        try:
            time.sleep(10)  # it has started long before somebody clicks
            yield
        finally:
            worker.terminate()


def _draft() -> "Draft":
    from campaigns.services import Draft
    from contacts.models import ContactList
    from deliverability.models import Sender, SendingDomain
    from delivery.models import Provider
    from templates_app.models import Template, TemplateVersion
    from templates_app.rendering import compile_source

    template = Template.objects.create(name="Lin")
    text = source_of(1)
    version = TemplateVersion.objects.create(template=template, source=text, html=compile_source(text).html)
    domain = SendingDomain.objects.create(name="maison-verdier.example")
    return Draft(
        lists=[ContactList.objects.get()],
        template_version=version,
        subject="{{ contact.first_name }}, le lin lavé est à −40 %",
        sender=Sender.objects.create(name="Maison Verdier", address="bonjour@maison-verdier.example", domain=domain),
        provider=Provider.objects.create(name="sink", is_catcher=True, options={"tls": "none"}),
    )


def _start(sink_command: list[str], draft: "Draft", number: int) -> tuple[float, float]:
    """Milliseconds: from the click to its answer, and from the instant it is due to the first message."""
    from django.utils import timezone

    from campaigns import services, tasks

    with subprocess.Popen(sink_command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sink:
        time.sleep(0.3)
        campaign = services.create_campaign(draft=replace(draft, name=f"Lin {number}"), user=None)
        clicked = time.time()
        starts_at = services.start_campaign(campaign=campaign, user=None, now=timezone.now(), undo=timedelta())
        answered = time.time()
        tasks.ring_at(starts_at)
        first = 0.0
        while not first:
            time.sleep(0.01)
            sink.send_signal(signal.SIGUSR1)
            assert sink.stdout is not None
            first = float(json.loads(sink.stdout.readline())["first_at"])
        campaign.refresh_from_db()
        services.cancel(campaign=campaign, user=None)
        assert campaign.mailing_id is not None
        _wait_until_quiet(campaign.mailing_id)
        sink.kill()
    print(f"{(first - answered) * 1000:.0f}", end=" ", flush=True)
    return (answered - clicked) * 1000, (first - answered) * 1000


def _wait_until_quiet(mailing: int) -> None:
    from delivery import dispatch
    from delivery.models import Batch, Mailing

    while Batch.objects.filter(mailing=mailing, state=Batch.State.CLAIMED).exists():
        time.sleep(0.2)
    while Mailing.objects.filter(pk=mailing, finished_at=None).exists():
        dispatch.close_cancelled(mailing)
    Batch.objects.filter(mailing=mailing).delete()


if __name__ == "__main__":
    main()
