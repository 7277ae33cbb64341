"""./manage.py provider: stable JSON, exit codes, no secret on any output."""

import json

import pytest
from django.core.management import CommandError, call_command

from delivery.models import Provider
from tests.smtp import Manners, SmtpServer, smtp_server

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    try:
        call_command("provider", *words)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_add_list_test(
    capsys: pytest.CaptureFixture[str], catcher: Provider, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_PASSWORD", "very secret")
    where = f"127.0.0.1:{server.port}"

    code, said = run(
        capsys, "add", "Relais", "--smtp", where, "--username", "u", "--password-env", "RELAY_PASSWORD", "--json"
    )

    assert (code, json.loads(said)["tls"]) == (0, "none")
    code, said = run(capsys, "list", "--json")
    assert {row["name"] for row in json.loads(said)} == {"Relais", "Test inbox"}
    assert "very secret" not in said
    assert Provider.objects.get(name="Relais").credentials == {"password": "very secret"}


def test_a_failing_test_exits_1_with_the_servers_words(capsys: pytest.CaptureFixture[str]) -> None:
    with smtp_server(Manners(greeting=b"554 5.7.1 go away\r\n")) as server:
        run(capsys, "add", "Relais", "--smtp", f"127.0.0.1:{server.port}")
        code, said = run(capsys, "test", "Relais", "--json")

    assert (code, json.loads(said)["reason"]) == (1, "554 5.7.1 go away")


def test_a_good_test_exits_0(capsys: pytest.CaptureFixture[str], server: SmtpServer) -> None:
    run(capsys, "add", "Relais", "--smtp", f"127.0.0.1:{server.port}")

    assert run(capsys, "test", "Relais")[0] == 0


def test_a_second_of_the_same_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", "Relais", "--smtp", "127.0.0.1:25")

    code, said = run(capsys, "add", "Relais", "--smtp", "127.0.0.1:25")

    assert code == 1
    assert "Another provider has this name" in said


@pytest.mark.parametrize(
    "words",
    [
        ("add", "R", "--smtp", "nowhere"),
        ("add", "R", "--smtp", "h:25", "--password-env", "NOT_SET_ANYWHERE"),
        ("add", "R", "--kind", "brevo", "--secret-env", "api_key"),
        ("add", "R", "--smtp", "h:25", "--option", "in_fligth=4"),
    ],
)
def test_wrong_use_exits_2(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as error:
        call_command("provider", *words)

    assert error.value.returncode == 2


def test_options_of_a_server_are_stored_as_numbers_within_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", "A", "--smtp", "127.0.0.1:25", "--option", "in_flight=4")
    code, said = run(capsys, "add", "B", "--smtp", "127.0.0.1:25", "--option", "in_flight=4000")

    assert Provider.objects.get(name="A").options["in_flight"] == 4
    assert (code, "in_flight: A whole number between 1 and 100." in said) == (1, True)


def test_ports_choose_their_encryption(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", "A", "--smtp", "mail.example.com:465")
    run(capsys, "add", "B", "--smtp", "mail.example.com:587")

    assert [Provider.objects.get(name=name).options["tls"] for name in "AB"] == ["tls", "starttls"]
