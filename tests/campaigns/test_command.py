"""The command `campaign`, end to end against a real SMTP server, and what it answers when it is used wrongly."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Organisation
from campaigns import services
from campaigns.models import Campaign
from contacts.models import ContactList
from delivery.models import Mailing, Provider
from tests.campaigns.conftest import SOURCE

Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.django_db(transaction=True)


class Sink:
    """Keeps what it accepts; and refuses Olivier."""

    def __init__(self) -> None:
        self.kept: dict[str, EmailMessage] = {}
        self.lock = threading.Lock()

    async def handle_RCPT(self, _server: SMTP, _s: Session, envelope: Envelope, address: str, _o: list[str]) -> str:
        if address.startswith("olivier"):
            return "550 5.1.1 The email account that you tried to reach does not exist"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.content or b"", policy=policy.default)
        with self.lock:
            assert envelope.rcpt_tos[0] not in self.kept
            self.kept[envelope.rcpt_tos[0]] = message  # type: ignore[assignment]
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def relay(sink: tuple[Sink, int]) -> Provider:
    return Provider.objects.create(name="Sink", options={"host": "127.0.0.1", "port": sink[1], "tls": "none"})


@pytest.fixture(autouse=True)
def no_worker() -> None:
    cache.clear()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "soldes.mjml"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def run(capsys: Capture, *arguments: str) -> tuple[int, Any, str]:
    """Exit code, the JSON printed, and what was said beside it."""
    try:
        call_command("campaign", *arguments, "--json")
        code = 0
    except SystemExit as stopped:
        code = int(str(stopped.code))
    except CommandError as error:
        return error.returncode, None, str(error)
    printed = capsys.readouterr()
    return code, json.loads(printed.out), printed.err


def create(capsys: Capture, template: Path, *more: str, name: str = "Soldes") -> tuple[int, Any, str]:
    return run(
        capsys,
        *("create", name, "--list", "Newsletter", "--template", str(template)),
        *("--subject", "{{ contact.first_name | default: 'Bonjour' }}, le lin"),
        *("--from", "Maison Verdier <bonjour@maison-verdier.example>", "--provider", "Sink", *more),
    )


def test_walk_from_create_to_report(
    capsys: Capture,
    organisation: Organisation,
    newsletter: ContactList,
    relay: Provider,
    sink: tuple[Sink, int],
    template: Path,
) -> None:
    assert create(capsys, template)[0] == 0

    code, report, _said = run(capsys, "send", "Soldes", "--wait")

    assert code == 0
    assert report["state"] == "finished"
    assert report["ledger"] == {
        "planned": 3, "accepted": 2, "refused": 1, "skipped": 0, "pending": 0, "sending": 0, "unknown": 0
    }  # fmt: skip
    assert report["is_balanced"]
    assert report["reasons"] == {"refused": {"refused_address": 1}}
    assert (report["rates"]["delivery"]["numerator"], report["rates"]["delivery"]["denominator"]) == (2, 2)
    assert set(sink[0].kept) == {"camille.roux@gmail.com", "s.perret@laposte.net"}
    message = sink[0].kept["camille.roux@gmail.com"]
    assert message["Subject"] == "Camille, le lin"
    assert "List-Unsubscribe" in message
    assert run(capsys, "report", "Soldes")[1]["ledger"] == report["ledger"]


def test_walk_from_a_file_to_the_report(
    capsys: Capture,
    organisation: Organisation,
    relay: Provider,
    sink: tuple[Sink, int],
    template: Path,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = settings.FILES_DIR = tmp_path / "files"
    file = tmp_path / "contacts.csv"
    file.write_text(
        "email;prénom\ncamille@shop.example;Camille\nCAMILLE@shop.example;Twice\nbroken;\nzoe@shop.example;\n"
    )
    call_command("import_contacts", str(file), "--list", "Newsletter", "--consent-source", "Fair of Lyon")
    capsys.readouterr()
    create(capsys, template)

    code, report, _said = run(capsys, "send", "Soldes", "--wait")

    assert (code, report["ledger"]["planned"], report["ledger"]["accepted"]) == (0, 2, 2)
    assert {to: kept["Subject"] for to, kept in sink[0].kept.items()} == {
        "camille@shop.example": "Camille, le lin",
        "zoe@shop.example": "Bonjour, le lin",
    }


def test_send_says_that_it_does_the_work_itself(
    capsys: Capture, organisation: Organisation, newsletter: ContactList, relay: Provider, template: Path
) -> None:
    create(capsys, template)

    call_command("campaign", "send", "Soldes")

    printed = capsys.readouterr()
    assert "this command sends it itself" in printed.err
    assert "the count balances" in printed.out


def test_create_with_several_lists(
    capsys: Capture, organisation: Organisation, newsletter: ContactList, relay: Provider, template: Path
) -> None:
    ContactList.objects.create(name="Shop")

    create(capsys, template, "--list", "Shop")

    assert {found.name for found in Campaign.objects.get().lists.all()} == {"Newsletter", "Shop"}


def test_create_with_a_broken_template_says_line_and_column(
    capsys: Capture, organisation: Organisation, newsletter: ContactList, relay: Provider, template: Path
) -> None:
    template.write_text("<mjml><mj-body>\n<mj-nonsense /></mj-body></mjml>", encoding="utf-8")

    code, printed, _said = create(capsys, template)

    assert code == 1
    assert ":2:" in printed["refused"][0]
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--list", "Nowhere"], 1),
        (["--provider", "Nobody"], 1),
        (["--stream", "None such"], 1),
        (["--from", "no address"], 2),
    ],
)
def test_create_refuses_what_is_not_there(
    capsys: Capture,
    organisation: Organisation,
    newsletter: ContactList,
    relay: Provider,
    template: Path,
    more: list[str],
    code: int,
) -> None:
    assert create(capsys, template, *more)[0] == code
    assert not Campaign.objects.exists()


def test_create_twice_and_a_missing_file(
    capsys: Capture, organisation: Organisation, newsletter: ContactList, relay: Provider, template: Path
) -> None:
    create(capsys, template)

    assert create(capsys, template)[0] == 1
    assert create(capsys, template.with_name("missing.mjml"), name="Other")[0] == 2


def test_send_of_what_must_not_go_out_says_why(
    capsys: Capture, organisation: Organisation, newsletter: ContactList, relay: Provider, template: Path
) -> None:
    template.write_text(SOURCE.replace("contact.first_name", "contact.prenom"), encoding="utf-8")
    create(capsys, template)

    code, printed, _said = run(capsys, "send", "Soldes", "--wait")

    assert code == 1
    assert any("contact.prenom" in problem for problem in printed["refused"])
    assert Campaign.objects.get().is_draft


def test_send_at_a_time_schedules_it(campaign: Campaign, capsys: Capture) -> None:
    code, printed, _said = run(capsys, "send", campaign.name, "--at", "2030-07-01T09:30", "--over", "6")

    assert printed["last_message_at"] == "2030-07-01T15:30:00+02:00", "six hours later, as things stand"
    assert (code, printed["state"]) == (0, "scheduled")
    assert printed["starts_at"].startswith("2030-07-01T09:30:00+02:00")  # the organisation's zone
    assert run(capsys, "send", campaign.name, "--at", "2030-07-01T09:30")[0] == 1
    assert run(capsys, "cancel", campaign.name)[1]["state"] == "draft"


@pytest.mark.parametrize("at", ["tomorrow", "2030-13-01"])
def test_send_at_no_time_is_wrong_use(campaign: Campaign, capsys: Capture, at: str) -> None:
    assert run(capsys, "send", campaign.name, "--at", at)[0] == 2


def test_pause_resume_cancel(campaign: Campaign, capsys: Capture) -> None:
    now = timezone.now()
    services.start_campaign(campaign=campaign, user=None, now=now, undo=timedelta(0))
    services.begin(campaign_id=campaign.pk, now=now)
    Mailing.objects.update(state=Mailing.State.SENDING)

    assert run(capsys, "pause", campaign.name)[:2] == (0, {"name": campaign.name, "state": "paused"})
    assert run(capsys, "pause", campaign.name)[0] == 1
    assert run(capsys, "resume", campaign.name)[1]["state"] == "sending"
    assert run(capsys, "cancel", campaign.name)[1]["state"] == "cancelled"
    assert run(capsys, "cancel", campaign.name)[0] == 1


@pytest.mark.parametrize("action", ["send", "pause", "resume", "cancel", "report"])
def test_campaign_nobody_knows_is_refused(organisation: Organisation, capsys: Capture, action: str) -> None:
    assert run(capsys, action, "Nothing")[0] == 1


def test_report_of_a_draft_is_refused(campaign: Campaign, capsys: Capture) -> None:
    assert run(capsys, "report", campaign.name)[0] == 1
