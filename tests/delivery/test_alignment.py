"""Whether a domain allows an account: records in a real name server, a provider's API on a real socket."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AuditEntry
from deliverability.models import SendingDomain
from deliverability.services import set_bounce_address
from delivery import alerts, alignment, tasks
from delivery.alignment.findings import Code
from delivery.models import Alignment, Provider
from delivery.services import ProviderInput, save_provider
from tests.deliverability.test_records import public_key, txt
from tests.delivery.lanes.api import Api
from tests.delivery.test_alignment_told import account
from tests.name_server import NameServer, name_server

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC) + timedelta(hours=1)
State = Alignment.State
DMARC = {"_dmarc.verdier.fr": txt("v=DMARC1; p=none")}


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    with name_server() as running:
        settings.NAMESERVERS = [f"127.0.0.1:{running.port}"]
        settings.DNS_SECONDS = 0.3
        running.zone = dict(DMARC)
        yield running


def at(kind: str, *, domain: str = "verdier.fr", **options: Any) -> Alignment:
    """A domain at an account whose API cannot be reached."""
    options = {"api_url": "http://127.0.0.1:9/"} | options
    secrets = {"api_key": "x", "api_token": "x", "server_token": "x", "secret_key": "x"}
    provider = Provider.objects.create(name=f"{kind} {domain}", kind=kind, options=options, credentials=secrets)
    sending, _ = SendingDomain.objects.get_or_create(name=domain)
    return Alignment.objects.create(domain=sending, provider=provider)


def codes(row: Alignment) -> list[str]:
    return [one["code"] for one in row.findings]


def key(bits: int = 2048) -> dict[str, list[str]]:
    return txt(f"v=DKIM1; k=rsa; p={public_key(bits)}")


def brevo_keys(server: NameServer, dashed: str = "verdier-fr") -> None:
    """As they stand in the zones of Brevo and of its customer."""
    for number in (1, 2):
        server.zone[f"brevo{number}._domainkey.verdier.fr"] = {"CNAME": [f"b{number}.{dashed}.dkim.brevo.com."]}
        server.zone[f"b{number}.{dashed}.dkim.brevo.com"] = {"CNAME": [f"brevo{number}7.dkim.brevo.com."]}
        server.zone[f"brevo{number}7.dkim.brevo.com"] = key()


def test_records_that_lead_to_the_provider_are_enough(server: NameServer) -> None:
    brevo_keys(server)
    row = at("brevo")

    assert alignment.ask_again(row, now=NOW)

    row.refresh_from_db()
    assert (row.state, row.answered_at, row.aligned_at) == (State.ALIGNED, NOW, NOW)
    assert codes(row) == [Code.KEY_GOOD, Code.KEY_GOOD, Code.DMARC_GOOD]


def test_what_is_missing_is_named_with_what_to_publish(server: NameServer) -> None:
    brevo_keys(server)
    del server.zone["brevo2._domainkey.verdier.fr"]
    row = at("brevo")

    alignment.ask_again(row, now=NOW)

    missing = next(one for one in row.findings if one["code"] == Code.KEY_MISSING)
    assert row.state == State.REFUSED
    assert missing["name"] == "brevo2._domainkey.verdier.fr"
    assert (missing["kind"], missing["want"]) == ("CNAME", "b2.verdier-fr.dkim.brevo.com")


def test_an_older_way_of_the_same_provider_counts_too(server: NameServer) -> None:
    server.zone["mail._domainkey.verdier.fr"] = key(1024)
    row = at("brevo")

    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)) == (State.ALIGNED, [Code.KEY_SHORT, Code.DMARC_GOOD])


@pytest.mark.parametrize(
    ("at_selector", "at_target", "code"),
    [
        ({"CNAME": ["s1.elsewhere.example."]}, {}, Code.KEY_ELSEWHERE),
        ({"CNAME": ["dkim1.mandrillapp.com."]}, None, Code.KEY_DANGLING),
        ({"CNAME": ["dkim1.mandrillapp.com."]}, txt("v=DKIM1; p="), Code.KEY_REVOKED),
        ({"CNAME": ["dkim1.mandrillapp.com."]}, txt("v=DKIM1; p=x"), Code.KEY_BROKEN),
        (txt("p=a", "p=b"), {}, Code.KEY_SEVERAL),
        (key(), key(), Code.KEY_GOOD),  # some hosts of zones answer with what the CNAME leads to
    ],
)
def test_each_way_to_be_wrong_has_its_word(
    server: NameServer, at_selector: dict[str, list[str]], at_target: dict[str, list[str]] | None, code: Code
) -> None:
    server.zone |= {"mte1._domainkey.verdier.fr": at_selector, "s1.elsewhere.example": key()}
    server.zone["mte2._domainkey.verdier.fr"] = {"CNAME": ["dkim2.mandrillapp.com."]}
    server.zone["dkim2.mandrillapp.com"] = key()
    if at_target is not None:
        server.zone["dkim1.mandrillapp.com"] = at_target
    row = at("mandrill")

    alignment.ask_again(row, now=NOW)

    assert codes(row)[0] == code
    assert row.state == (State.ALIGNED if code == Code.KEY_GOOD else State.REFUSED)


def test_the_organisations_key_counts_for_a_subdomain_unless_dmarc_is_strict(server: NameServer) -> None:
    server.zone["mailjet._domainkey.verdier.fr"] = key()
    row = at("mailjet", domain="news.verdier.fr", api_key="x")
    alignment.ask_again(row, now=NOW)
    assert row.state == State.ALIGNED

    server.zone["_dmarc.verdier.fr"] = txt("v=DMARC1; p=reject; adkim=s")
    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)) == (State.REFUSED, [Code.KEY_MISSING, Code.DMARC_STRICT])
    assert row.findings[0]["name"] == "mailjet._domainkey.news.verdier.fr"


def test_an_account_that_signs_for_another_domain_never_counts(server: NameServer) -> None:
    row = at("mailgun", sender_domain="mg.boutique.fr")

    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)[0]) == (State.REFUSED, Code.OTHER_DOMAIN)


def test_a_drawn_selector_is_asked_of_a_person_and_then_looked_up(server: NameServer) -> None:
    server.zone["20261124pm._domainkey.verdier.fr"] = key()
    row = at("postmark")
    alignment.ask_again(row, now=NOW)
    assert (row.state, codes(row)[0]) == (State.OPEN, Code.SELECTOR_UNKNOWN)

    alignment.describe(row, selectors=["20261124pm"], spf_via="", user=None, now=NOW)
    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)[0]) == (State.ALIGNED, Code.KEY_GOOD)
    assert AuditEntry.objects.get(verb="provider.signing").target == f"provider:{row.provider_id}"


@pytest.mark.parametrize(
    ("options", "via", "record", "state", "code"),
    [
        ({"host": "smtp.relay.fr"}, "", "v=spf1 -all", State.OPEN, Code.SELECTOR_UNKNOWN),
        (
            {"host": "smtp.relay.fr"},
            "spf.relay.fr",
            "v=spf1 include:spf.relay.fr -all",
            State.ALIGNED,
            Code.SPF_COVERED,
        ),
        ({"host": "smtp.relay.fr"}, "spf.relay.fr", "v=spf1 mx -all", State.REFUSED, Code.SPF_NOT_COVERED),
        (
            {"host": "mx.verdier.fr", "is_direct": True},
            "",
            "v=spf1 ip4:8.8.4.0/24 -all",
            State.ALIGNED,
            Code.SPF_COVERED,
        ),
        ({"host": "mx.verdier.fr", "is_direct": True}, "", "v=spf1 -all", State.REFUSED, Code.SPF_NOT_COVERED),
        (
            {"host": "smtp.postmarkapp.com"},
            "spf.relay.fr",
            "v=spf1 include:spf.relay.fr -all",
            State.OPEN,
            Code.SELECTOR_UNKNOWN,
        ),
        ({"host": "127.0.0.1", "is_direct": True}, "", "v=spf1 -all", State.OPEN, Code.SELECTOR_UNKNOWN),
    ],
)
def test_an_smtp_server_may_count_by_spf_because_the_envelope_is_ours(
    server: NameServer, options: dict[str, Any], via: str, record: str, state: State, code: Code
) -> None:
    server.zone |= {"verdier.fr": txt(record), "mx.verdier.fr": {"A": ["8.8.4.4"]}}
    row = at("smtp", **options)
    alignment.describe(row, selectors=[], spf_via=via, user=None, now=NOW)

    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)[0]) == (state, code)
    if code == Code.SPF_NOT_COVERED and via:
        assert row.findings[0]["want"] == "v=spf1 include:spf.relay.fr mx -all"


def test_spf_is_read_where_bounces_go_and_anew_when_that_moves(server: NameServer) -> None:
    server.zone |= {"verdier.fr": txt("v=spf1 ip4:8.8.4.4 -all"), "retours.verdier.fr": txt("v=spf1 -all")}
    row = at("smtp", host="8.8.4.4", is_direct=True)
    alignment.ask_again(row, now=NOW)
    assert row.state == State.ALIGNED

    set_bounce_address(domain=row.domain, address="retours@retours.verdier.fr")
    assert alignment.look_up(now=NOW) == 1

    row.refresh_from_db()
    assert (row.state, row.findings[0]["name"]) == (State.REFUSED, "retours.verdier.fr")
    server.zone |= {"retours.verdier.fr": txt("v=spf1 ip4:8.8.4.4 -all")}
    server.zone["_dmarc.verdier.fr"] = txt("v=DMARC1; p=none; aspf=s")
    alignment.ask_again(row, now=NOW)
    assert row.state == State.OPEN, "strict: another name on the envelope never counts"


def test_a_providers_smtp_server_is_known_by_its_name(server: NameServer) -> None:
    brevo_keys(server)
    row = at("smtp", host="smtp-relay.brevo.com")

    alignment.ask_again(row, now=NOW)

    assert row.state == State.ALIGNED


def test_a_server_whose_selector_needs_what_only_the_api_account_knows_is_asked_of_a_person(server: NameServer) -> None:
    row = at("smtp", host="smtp.tem.scw.cloud")

    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)[0]) == (State.OPEN, Code.SELECTOR_UNKNOWN)


def test_silence_changes_nothing_until_the_answer_is_a_week_old(server: NameServer) -> None:
    brevo_keys(server)
    row = at("brevo")
    alignment.ask_again(row, now=NOW)
    server.broken = {"brevo1._domainkey.verdier.fr"}

    assert not alignment.ask_again(row, now=NOW + timedelta(days=1))

    row.refresh_from_db()
    assert (row.state, row.failure_count, row.answered_at) == (State.ALIGNED, 1, NOW)
    assert row.due_at == NOW + timedelta(days=1, minutes=10)
    assert alignment.uncovered(row.provider, ["verdier.fr"], now=NOW + timedelta(days=6)) == {}
    later = NOW + timedelta(days=8)
    assert alignment.uncovered(row.provider, ["verdier.fr"], now=later) == {"verdier.fr": State.ALIGNED}


def test_a_person_may_say_so_where_the_dns_cannot_tell_and_not_where_it_says_no(server: NameServer) -> None:
    row = at("postmark")
    alignment.ask_again(row, now=NOW)
    assert alignment.uncovered(row.provider, ["verdier.fr"], now=NOW) == {"verdier.fr": State.OPEN}

    alignment.confirm(domain=row.domain, provider=row.provider, is_aligned=True, user=None, now=NOW)
    assert alignment.uncovered(row.provider, ["verdier.fr", "news.verdier.fr"], now=NOW) == {}

    alignment.describe(row, selectors=["pm"], spf_via="", user=None, now=NOW)
    alignment.ask_again(row, now=NOW)
    assert alignment.uncovered(row.provider, ["verdier.fr"], now=NOW) == {"verdier.fr": State.REFUSED}


def test_what_was_asked_of_an_account_before_it_changed_counts_for_nothing(server: NameServer) -> None:
    brevo_keys(server)
    row = at("smtp", host="smtp-relay.brevo.com")
    being_asked = Alignment.objects.select_related("domain", "provider").get()
    given = ProviderInput(name="Relay", kind="smtp", values={"host": "smtp.other.fr", "port": 587, "tls": "starttls"})
    save_provider(given, provider=row.provider, user=None)

    alignment.ask_again(being_asked, now=NOW)

    row.refresh_from_db()
    assert row.state == State.UNASKED


def test_a_domain_no_name_server_knows_is_not_taken_for_one_that_says_no(server: NameServer) -> None:
    row = at("brevo", domain="boutique.fr")

    alignment.ask_again(row, now=NOW)

    assert (row.state, codes(row)) == (State.OPEN, [Code.NO_DOMAIN])


def test_new_pairs_are_made_and_asked_in_batches_and_again_the_next_day(
    server: NameServer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    brevo_keys(server)
    server.zone["boutique.fr"] = txt("v=spf1 -all")
    first = at("brevo")
    SendingDomain.objects.create(name="boutique.fr")
    SendingDomain.objects.create(name="maison.example")
    assert alignment.add_missing() == 2
    assert alignment.add_missing() == 0

    with django_assert_max_num_queries(7):
        assert alignment.look_up(now=NOW) == 3

    states = dict(Alignment.objects.values_list("domain__name", "state"))
    assert states == {"verdier.fr": State.ALIGNED, "boutique.fr": State.REFUSED, "maison.example": State.OPEN}
    assert "maison.example" not in " ".join(server.asked), "names of examples are nobody's to ask for"
    assert alignment.look_up(now=NOW + timedelta(minutes=50)) == 0
    assert alignment.look_up(now=NOW + timedelta(hours=2)) == 1, "somebody may be publishing it"
    first.refresh_from_db()
    assert first.due_at == NOW + timedelta(days=1)


def test_a_dead_name_server_is_not_asked_for_the_next_batch(server: NameServer, settings: Settings) -> None:
    server.zone["_dmarc.verdier.fr"] = None
    row = at("brevo")

    assert alignment.look_up(now=NOW) == 1

    row.refresh_from_db()
    assert (row.state, row.failure_count) == (State.UNASKED, 1)


def test_a_record_that_goes_is_told_for_two_weeks_where_mail_leaves_by_it(server: NameServer) -> None:
    brevo_keys(server)
    row = at("brevo")
    alignment.ask_again(row, now=datetime.now(UTC))
    server.zone = dict(DMARC)
    alignment.ask_again(row, now=datetime.now(UTC))
    assert alignment.lost(most=3) == [], "nothing leaves through it"

    Provider.objects.filter(is_default=True).update(is_default=False)
    Provider.objects.filter(pk=row.provider_id).update(is_default=True)

    assert alignment.lost(most=3) == [row]
    assert any("may no longer write for verdier.fr" in words for words in alerts.matters().values())
    row.aligned_at = datetime.now(UTC) - timedelta(days=15)
    row.save()
    assert alignment.lost(most=3) == []


def test_the_task_finds_what_is_new_by_itself(server: NameServer) -> None:
    brevo_keys(server)
    at("brevo").delete()

    tasks.look_up_alignments()

    assert Alignment.objects.get().state == State.ALIGNED


def test_the_command_tells_what_is_missing_and_exits_by_it(
    server: NameServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.zone["verdier.fr"] = txt("v=spf1 include:spf.relay.fr -all")
    row = at("smtp", host="smtp.relay.fr")
    name = row.provider.name

    with pytest.raises(SystemExit) as ended:
        call_command("provider", "align", name, "verdier.fr", "--selector", "s1", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (ended.value.code, said["is_good"]) == (1, False)
    assert said["records"][0]["name"] == "s1._domainkey.verdier.fr"

    call_command("provider", "align", name, "verdier.fr", "--spf", "spf.relay.fr")
    assert "SPF lets this server send" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("provider", "align", name, "verdier.fr", "--selector", "a b!")


def test_another_server_in_the_account_is_looked_up_anew(server: NameServer) -> None:
    brevo_keys(server)
    row = at("smtp", host="smtp-relay.brevo.com")
    alignment.ask_again(row, now=NOW)
    given = ProviderInput(name="Relay", kind="smtp", values={"host": "smtp.other.fr", "port": 587, "tls": "starttls"})

    save_provider(given, provider=row.provider, user=None)

    row.refresh_from_db()
    assert row.state == State.UNASKED
    assert alignment.uncovered(row.provider, ["verdier.fr"], now=NOW) == {"verdier.fr": State.UNASKED}


def test_a_key_of_another_account_is_seen_through_the_api_and_what_it_said_is_kept(server: NameServer) -> None:
    server.zone["k1._domainkey.verdier.fr"] = key()
    api = Api("mailgun")
    record = {"name": "k1._domainkey.verdier.fr", "value": f"k=rsa; p={public_key(1024)}"}
    api.moods = [lambda *_: (200, {"sending_dns_records": [record]})]
    provider = account("mailgun", api)
    provider.options["sender_domain"] = "verdier.fr"
    provider.save()
    row = Alignment.objects.create(domain=SendingDomain.objects.create(name="verdier.fr"), provider=provider)

    alignment.ask_again(row, now=NOW)
    assert (row.state, codes(row)[0]) == (State.REFUSED, Code.KEY_OTHER)

    api.close()
    server.zone["k1._domainkey.verdier.fr"] = key(1024)
    alignment.ask_again(row, now=NOW)
    assert row.state == State.ALIGNED, "the API is silent: what it said holds"
