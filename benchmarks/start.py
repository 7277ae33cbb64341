"""From the click on "send" to the first message at the server, with a million contacts in the list.

    python -m benchmarks.start SINK [--people 1000000] [--times 12] [--lists 1] [--left-out 5]
    python -m benchmarks.start SINK --together 12        so many at the same instant, to the first message of each

The click is the request of the button, to its answer: everything checked, one look whether anybody would get it. Then
ten seconds in which it can be undone; they are left out, being there on purpose, and the audience is counted once more
inside them. What follows is what a person waits for: the campaign planned and checked again, the first block of the
audience frozen, Celery's workers rung, the connection opened, the message rendered, marked and handed over. Row 5 of
the performance table.
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
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sink")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--lists", type=int, default=1, help="so many lists, all with everybody")
    parser.add_argument("--left-out", type=int, default=5, help="per cent of the people who are suppressed")
    parser.add_argument("--together", type=int, default=0, help="so many campaigns at the same instant instead")
    options = parser.parse_args()
    port = 20_000 + os.getpid() % 20_000
    os.environ["ENVOL_CATCHER_PORT"] = str(port)  # the sink in the place of the test inbox: no DNS in the way
    with fresh_django(), tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "sink"
        subprocess.run(["cc", "-O2", "-o", str(binary), options.sink], check=True)
        print(facts(), flush=True)
        populate(options.people)
        _populate_more(options)
        draft = _draft()
        with _workers():
            if options.together:
                return _together([str(binary), str(port)], draft, options)
            seen = options.people * (100 - options.left_out) // 100
            found = [_start([str(binary), str(port)], draft, number, seen) for number in range(options.times + 1)][1:]
    what = f"{options.people} people, {options.lists} list(s), {options.left_out} % left out"
    print(f"\n\n{what}, {options.times} campaigns: milliseconds\n")
    _head()
    _line("the click, to its answer", [click for click, _start in found])
    _line("its time has come, to the first message", [start for _click, start in found])
    _line("both", [click + start for click, start in found])
    print(f"\n{LISTMONK}")
    return None


def _head() -> None:
    print(f"{'':40}{'median':>9}{'p95':>9}{'worst':>9}")


def _line(name: str, found: list[float]) -> None:
    ordered = sorted(found)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{name:40}{statistics.median(ordered):9.0f}{p95:9.0f}{ordered[-1]:9.0f}")


def _populate_more(options: argparse.Namespace) -> None:
    """More lists of everybody, and people who must not be written to, spread evenly."""
    from django.db import connection

    from contacts.models import ContactList, Suppression

    with connection.cursor() as cursor:
        for number in range(1, options.lists):
            more = ContactList.objects.create(name=f"Clients {number}")
            cursor.execute(
                "insert into contacts_subscription (contact_id, contact_list_id) select id, %s from contacts_contact",
                [more.pk],
            )
        cursor.execute(
            "insert into contacts_suppression (address_key, reason, scope, origin) "
            "select address_key, %s, %s, 'benchmark' from contacts_contact where id %% 100 < %s",
            [Suppression.Reason.UNSUBSCRIBED, Suppression.Scope.MARKETING, options.left_out],
        )
        cursor.execute("vacuum analyze contacts_subscription, contacts_suppression")


@contextlib.contextmanager
def _workers() -> Iterator[None]:
    """Celery's, as `make run` starts them; without the beat, which only finds what a click has not rung for."""
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--concurrency", "2"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    workers = [
        subprocess.Popen(
            [*command, "-Q", queues, "-n", f"{name}@%h"], start_new_session=True, stderr=subprocess.DEVNULL
        )
        for name, queues in (("worker", "bulk"), ("desk", "events,default"))
    ]
    try:
        time.sleep(12)  # they have started long before somebody clicks
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


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
        lists=list(ContactList.objects.all()),
        template_version=version,
        subject="{{ contact.first_name }}, le lin lavé est à −40 %",
        sender=Sender.objects.create(name="Maison Verdier", address="bonjour@maison-verdier.example", domain=domain),
        provider=Provider.objects.create(name="sink", is_catcher=True, options={"tls": "none"}),
    )


def _start(sink_command: list[str], draft: "Draft", number: int, seen: int) -> tuple[float, float]:
    """Milliseconds: from the click to its answer, and from the instant it is due to the first message."""
    from campaigns import services

    with subprocess.Popen(sink_command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sink:
        time.sleep(0.3)
        campaign = services.create_campaign(draft=replace(draft, name=f"Lin {number}"), user=None)
        click = _click(campaign.pk, seen=seen)
        campaign.refresh_from_db()
        assert campaign.starts_at is not None
        due = campaign.starts_at.timestamp()
        first = 0.0
        while not first:
            time.sleep(0.01)
            sink.send_signal(signal.SIGUSR1)
            assert sink.stdout is not None
            first = float(json.loads(sink.stdout.readline())["first_at"])
        campaign.refresh_from_db()
        assert campaign.seen_count is None
        services.cancel(campaign=campaign, user=None)
        assert campaign.mailing_id is not None
        _wait_until_quiet(campaign.mailing_id)
        sink.kill()
    print(f"{click:.0f}+{(first - due) * 1000:.0f}", end=" ", flush=True)
    return click, (first - due) * 1000


def _click(campaign: int, *, seen: int) -> float:
    """Press the button that had shown so many people; milliseconds to the answer."""
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User
    from campaigns.models import Campaign

    client = Client(SERVER_NAME="localhost")
    user = User.objects.first() or User.objects.create_superuser(email="ines@maison-verdier.example")
    client.force_login(user)
    seen_at = Campaign.objects.get(pk=campaign).updated_at.isoformat()
    values = {"when": "now", "seen_at": seen_at, "seen_count": seen, "pace_hours": 0, "wave_minutes": 15}
    clicked = time.time()
    answer = client.post(reverse("campaigns:send", args=[campaign]), values)
    answered = time.time()
    assert answer.headers.get("Location") == reverse("campaigns:scheduled", args=[campaign]), answer
    return (answered - clicked) * 1000


def _together(sink_command: list[str], draft: "Draft", options: argparse.Namespace) -> None:
    """From the instant all are due to the first message accepted of each, and until all are frozen."""
    from django.db.models import Min
    from django.utils import timezone

    from campaigns import services, tasks
    from delivery.models import Mailing, Outcome

    with subprocess.Popen(sink_command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sink:
        time.sleep(0.3)
        campaigns = [
            services.create_campaign(draft=replace(draft, name=f"Lin {number}"), user=None)
            for number in range(options.together)
        ]
        due = timezone.now() + timedelta(seconds=3)
        for campaign in campaigns:
            services.start_campaign(campaign=campaign, user=None, now=timezone.now(), at=due)
        tasks.ring_at(due)
        while (left := Mailing.objects.filter(snapshot_done_at=None).count()) or not Mailing.objects.exists():
            time.sleep(1)
            print(left, end=" ", flush=True)
        frozen = (timezone.now() - due).total_seconds()
        accepted = Outcome.objects.filter(state=Outcome.State.ACCEPTED).values_list("mailing")
        while len(found := accepted.annotate(first=Min("at"))) < options.together:
            time.sleep(0.5)
        sink.kill()
    firsts = [(first - due).total_seconds() * 1000 for _mailing, first in found]
    print(f"\n\n{options.together} campaigns to {options.people} people at the same instant: milliseconds\n")
    _head()
    _line("its time has come, to the first message", firsts)
    print(f"\nall frozen after {frozen:.0f} s, while they were being sent")


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
