"""Providers, test sends, one message's page, and the message in a browser."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, Organisation
from contacts.models import Contact, ContactList
from contacts.registry import timeline
from deliverability.services import ensure_sender
from delivery import dispatch
from delivery.lanes.levels import remember_fault
from delivery.lanes.smtp import SmtpLane
from delivery.models import Mailing, Message, Outcome, Provider
from delivery.services import drive
from templates_app.models import Template, TemplateVersion
from tests.delivery.conftest import HTML, MakePeople
from tests.smtp import Manners, SmtpServer, smtp_server

pytestmark = pytest.mark.django_db(transaction=True)


def add(client: Client, **values: object) -> object:
    given = {"name": "Relais", "host": "127.0.0.1", "tls": "none", "connection_count": 2} | values
    return client.post("/providers/new/smtp/", given, follow=True)


def test_the_first_run_has_the_test_inbox(team_client: Client, catcher: Provider) -> None:
    page = team_client.get("/providers/").content.decode()

    assert "Delivers to nobody" in page
    assert Provider.objects.get().is_default


def test_adding_a_provider_tries_it_and_says_how_it_went(team_client: Client, server: SmtpServer) -> None:
    page = add(team_client, port=server.port).content.decode()  # type: ignore[attr-defined]

    assert "Relais: connected." in page
    assert AuditEntry.objects.filter(verb="provider.add").exists()


def test_a_refused_login_shows_the_servers_words_and_never_the_password(team_client: Client) -> None:
    with smtp_server(Manners(offers=("AUTH PLAIN",), password="right")) as server:
        page = add(team_client, port=server.port, username="envol", password="wrong-secret").content.decode()  # type: ignore[attr-defined]

    assert "535 5.7.8 wrong password" in page
    assert "wrong-secret" not in page
    row = Provider.objects.get(name="Relais")
    settings = team_client.get(f"/providers/{row.pk}/").content.decode()
    assert "wrong-secret" not in settings
    assert row.credentials == {"password": "wrong-secret"}


def test_a_secret_left_empty_is_kept(team_client: Client, server: SmtpServer) -> None:
    row = Provider.objects.create(
        name="Relais", options={"host": "127.0.0.1", "port": 25}, credentials={"password": "x"}
    )

    team_client.post(
        f"/providers/{row.pk}/",
        {"name": "Relais 2", "host": "127.0.0.1", "port": server.port, "tls": "none", "connection_count": 3},
    )

    row.refresh_from_db()
    assert (row.name, row.connection_count, row.credentials) == ("Relais 2", 3, {"password": "x"})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"port": 0}, "greater than or equal to 1"),
        ({"port": 25, "host": ""}, "required"),
        ({"port": 25, "host": "mail.example.com", "username": "u", "password": "p"}, "could read the password"),
        ({"port": 25, "username": "u"}, "needs a password"),
        ({"port": 25, "name": "Test inbox"}, "has this name"),
    ],
)
def test_bad_input_names_the_field(
    team_client: Client, catcher: Provider, values: dict[str, object], words: str
) -> None:
    assert words in add(team_client, **values).content.decode()  # type: ignore[attr-defined]
    assert Provider.objects.count() == 1


def test_every_kind_has_its_form(team_client: Client) -> None:
    links = re.findall(r'href="(/providers/new/[a-z_]+/)"', team_client.get("/providers/new/").content.decode())

    assert len(links) >= 14
    for link in links:
        assert team_client.get(link).status_code == 200


def test_an_unknown_kind_is_not_found(team_client: Client) -> None:
    assert team_client.get("/providers/new/pigeon/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_providers_does_not_grow_in_queries(
    team_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        Provider.objects.create(name=f"R{number}", options={"host": "127.0.0.1", "port": 25})

    with django_assert_max_num_queries(10):
        team_client.get("/providers/")


def version() -> TemplateVersion:
    template = Template.objects.create(name="Soldes", language="fr")
    return TemplateVersion.objects.create(template=template, source="<mjml></mjml>", html=HTML)


def test_a_test_send_arrives_marked_and_its_links_open_nobody(
    team_client: Client, provider: Provider, server: SmtpServer, make_people: MakePeople
) -> None:
    sender = ensure_sender(name="Maison Verdier", address="bonjour@maison-verdier.example", reply_to="")
    contact = make_people(1)[0]
    given = {
        "version": version().pk, "contact": contact.pk, "to": "77@ecole.example, 78@ecole.example",
        "subject": "Soldes", "sender": sender.pk, "provider": provider.pk,
    }  # fmt: skip

    page = team_client.post("/test-send/", given).content.decode()

    assert "Sent to 77@ecole.example." in page
    assert sorted(server.accepted) == [77, 78]
    assert not Message.objects.exists()
    assert Mailing.objects.get().is_test


def test_a_test_send_says_what_is_wrong_with_an_address(team_client: Client, provider: Provider) -> None:
    page = team_client.post("/test-send/", {"to": "nobody"}).content.decode()

    assert "“nobody” is not a valid address." in page


def test_the_panel_is_prefilled(team_client: Client) -> None:
    page = team_client.get("/test-send/?subject=Soldes%20%26%20co").content.decode()

    assert 'value="Soldes &amp; co"' in page
    assert 'value="ines@maison-verdier.example"' in page


def test_one_message_tells_its_life_and_stands_on_the_timeline(
    team_client: Client, mailing: Mailing, server: SmtpServer
) -> None:
    server.moods += ["yes", "no"]
    drive(mailing.pk, report=lambda numbers: None)
    refused = Outcome.objects.get(state=Outcome.State.REFUSED)

    page = team_client.get(f"/messages/{refused.pk}/").content.decode()

    assert "550 5.1.1 no" in page
    contact = Contact.objects.get(pk=refused.message.contact_id)
    entries = [entry for source in timeline for entry in source(contact, before=None, limit=10)]
    assert f"/messages/{refused.pk}/" in [entry.url for entry in entries]


def test_an_operator_settles_a_doubt(team_client: Client, mailing: Mailing) -> None:
    drive(mailing.pk, report=lambda numbers: None)
    doubt = Outcome.objects.order_by("pk").first()
    assert doubt is not None
    Outcome.objects.filter(pk=doubt.pk).update(state=Outcome.State.UNKNOWN, reason=61)

    assert "Count it as sent" in team_client.get(f"/messages/{doubt.pk}/").content.decode()
    too_early = team_client.post(f"/messages/{doubt.pk}/again/", follow=True).content.decode()
    assert "can be sent again" in too_early
    team_client.post(f"/messages/{doubt.pk}/sent/")
    assert Outcome.objects.get(pk=doubt.pk).state == Outcome.State.ACCEPTED


def test_view_in_browser_shows_the_message_in_its_sandbox(
    client: Client, mailing: Mailing, clients: ContactList, organisation: Organisation
) -> None:
    dispatch.start_due()
    dispatch.freeze(mailing.pk, after_block=lambda: None)
    message = Message.objects.order_by("pk").first()
    assert message is not None
    from common.tokens import Purpose, encode

    good = client.get("/v/" + encode(Purpose.VIEW, mailing=mailing.pk, message=message.pk))
    assert "Bonjour Élève" in good.content.decode()
    assert "sandbox" in good["Content-Security-Policy"]
    for wrong in (
        encode(Purpose.UNSUBSCRIBE, mailing=mailing.pk, message=message.pk),
        encode(Purpose.VIEW, mailing=mailing.pk + 1, message=message.pk),
        "x",
    ):
        assert client.get(f"/v/{wrong}").status_code == 404


def test_worker_banner_knows_when_a_worker_was_seen() -> None:
    from delivery.queries import is_worker_running, note_worker, worker_seen_at

    note_worker()

    seen = worker_seen_at()
    assert seen is not None and (timezone.now() - seen).total_seconds() < 5
    assert is_worker_running()


def test_how_messages_are_handed_over_is_a_setting_that_the_lane_obeys(team_client: Client, server: SmtpServer) -> None:
    add(team_client, port=server.port, per_connection=40, in_flight=3, level="1")

    row = Provider.objects.get(name="Relais")
    lane = SmtpLane(row)
    lane.ready()
    assert lane._wire is not None
    dialogue = lane._wire.dialogue
    lane.close()
    assert (lane.room, dialogue.in_flight, dialogue.level) == (40, 3, 1)
    page = team_client.get(f"/providers/{row.pk}/").content.decode()
    assert 'value="40"' in page
    assert "the envelope at once" in page
    refused = add(team_client, port=server.port, name="Other", in_flight=0).content.decode()  # type: ignore[attr-defined]
    assert "greater than or equal to 1" in refused
    assert "open><summary" in refused, "an error is never folded away"


def test_a_server_that_stumbled_is_said_with_its_words(team_client: Client, server: SmtpServer) -> None:
    add(team_client, port=server.port)
    row = Provider.objects.get(name="Relais")
    assert "Spoken to more carefully" not in team_client.get(f"/providers/{row.pk}/").content.decode()

    remember_fault(row.pk, level=3, why="a reply too many: 250 <b>again</b>")

    page = team_client.get(f"/providers/{row.pk}/").content.decode()
    assert "Spoken to more carefully" in page
    assert "250 &lt;b&gt;again" in page
