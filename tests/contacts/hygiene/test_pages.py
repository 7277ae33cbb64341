"""The pages of hygiene: what they show, what their buttons do, and that nothing grows in queries."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from contacts.hygiene.duplicates import find_duplicates
from contacts.hygiene.quiet import make_forecasts, rule_of
from contacts.models import AddressFlag, Contact, ContactList, Duplicate, HygieneRule, HygieneRun, Sunset
from contacts.services import add_contact

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 9, 1, 4, 10, tzinfo=UTC)


def get(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(f"contacts:{name}", args=args)).content.decode().replace("<wbr>", "")


def quiet(number: int) -> Contact:
    contact = add_contact(address=f"info{number}@gmial.com")
    AddressFlag.objects.get_or_create(contact=contact, kind=AddressFlag.Kind.ROLE)
    Sunset.objects.create(contact=contact, contact_list_id=1, joined=True, asked_at=NOW, moved_at=NOW)
    other = add_contact(address=f"info{number}+x@gmail.com")
    Duplicate.objects.create(first=contact, second=other, kind=1)
    return contact


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("hygiene", ()),
        ("flagged", ("typos",)),
        ("flagged", ("roles",)),
        ("duplicates", ()),
        ("rule", ("sunset",)),
        ("rule", ("retention",)),
        ("quiet_people", ("sunset", "asked")),
        ("quiet_people", ("retention", "stayed")),
    ],
)
def test_pages_cost_the_same_for_one_row_and_three(team_client: Client, name: str, args: tuple[str, ...]) -> None:
    quiet(1)
    get(team_client, name, *args)
    with CaptureQueriesContext(
        connection,
    ) as one:
        get(team_client, name, *args)
    quiet(2), quiet(3)
    with CaptureQueriesContext(connection) as three:
        get(team_client, name, *args)

    assert len(one) == len(three)


def test_a_typing_error_is_corrected_where_it_is_listed(team_client: Client) -> None:
    lea = add_contact(address="lea@gmial.com")
    assert "lea@gmail.com" in get(team_client, "flagged", "typos")
    assert "one key away from lea@gmail.com" in get(team_client, "contact", lea.pk)

    answer = team_client.post(
        reverse("contacts:correct_address", args=[lea.pk]), {"address": "lea@gmail.com", "from": "typos"}
    )

    assert answer["Location"] == reverse("contacts:flagged", args=["typos"])
    assert Contact.objects.get().address_key == "lea@gmail.com"
    assert "Nothing to look at" in get(team_client, "flagged", "typos")


def test_a_correction_that_meets_a_known_contact_offers_to_merge(team_client: Client) -> None:
    known, lea = add_contact(address="lea@gmail.com"), add_contact(address="lea@gmial.com")

    answer = team_client.post(reverse("contacts:correct_address", args=[lea.pk]), {"address": "lea@gmail.com"})

    assert answer["Location"] == reverse("contacts:merge", args=[known.pk, lea.pk])


def test_a_role_address_that_is_right_is_not_shown_again(team_client: Client) -> None:
    desk = add_contact(address="contact@ecole.example")
    assert "A role address" in get(team_client, "contact", desk.pk)

    team_client.post(reverse("contacts:settle_flags", args=[desk.pk]))

    assert "A role address" not in get(team_client, "contact", desk.pk)
    assert "contact@ecole.example" not in get(team_client, "flagged", "roles")


def test_duplicates_are_compared_and_merged_or_dismissed(team_client: Client) -> None:
    first, second = add_contact(address="lea.m@gmail.com"), add_contact(address="leam@gmail.com")
    find_duplicates()
    assert "leam@gmail.com" in get(team_client, "duplicates")

    page = get(team_client, "merge", first.pk, second.pk)
    assert "Are they one person?" in page and Contact.objects.count() == 2
    team_client.post(reverse("contacts:merge", args=[first.pk, second.pk]))

    assert list(Contact.objects.all()) == [first]
    assert "No duplicate in sight" in get(team_client, "duplicates")


def test_a_dismissed_pair_leaves_a_trace(team_client: Client) -> None:
    quiet(1)

    team_client.post(reverse("contacts:dismiss_duplicate", args=[Duplicate.objects.get().pk]))

    assert AuditEntry.objects.get(verb="duplicate.dismiss")
    assert "No duplicate in sight" in get(team_client, "duplicates")


def test_another_contact_is_found_by_address(team_client: Client, camille: Contact) -> None:
    lea = add_contact(address="lea@courriel.example")
    url = reverse("contacts:merge_with", args=[camille.pk])

    found = team_client.get(url, {"address": "LEA@courriel.example"})
    lost = team_client.get(url, {"address": "nobody@courriel.example"})

    assert found["Location"] == reverse("contacts:merge", args=[camille.pk, lea.pk])
    assert lost["Location"] == reverse("contacts:contact", args=[camille.pk])


def test_the_sunset_rule_needs_a_list_and_shows_its_forecast_before_it_is_on(
    team_client: Client, newsletter: ContactList
) -> None:
    url = reverse("contacts:rule", args=["sunset"])
    terms = {"quiet_days": 90, "answer_days": 20, "is_on": "on"}
    assert "needs a list" in team_client.post(url, terms).content.decode()
    assert not rule_of("sunset").is_on

    team_client.post(url, terms | {"contact_list": newsletter.pk, "is_on": ""})
    assert "Being counted" in get(team_client, "rule", "sunset")
    make_forecasts(at=NOW)
    assert "week 12" in get(team_client, "rule", "sunset")
    team_client.post(url, terms | {"contact_list": newsletter.pk})

    found = rule_of("sunset")
    assert (found.is_on, found.quiet_days, found.contact_list) == (True, 90, newsletter)
    assert AuditEntry.objects.filter(verb="hygiene.sunset").count() == 2


def test_switching_erasure_on_takes_an_administrator(team_client: Client, admin_client: Client) -> None:
    url = reverse("contacts:rule", args=["retention"])
    terms = {"quiet_days": 1_095, "answer_days": 30, "is_on": "on"}

    assert "counted first" in admin_client.post(url, terms).content.decode()
    admin_client.post(reverse("contacts:forecast", args=["retention"]))
    make_forecasts(at=NOW)
    team_client.post(url, terms)
    assert not rule_of("retention").is_on
    admin_client.post(url, terms)

    assert rule_of("retention").is_on


def test_passes_are_shown_and_a_wrong_rule_is_no_page(team_client: Client) -> None:
    HygieneRun.objects.create(
        rule=HygieneRule.Kind.SUNSET, at=NOW, counts={"asked": 1234, "suppressed": 0, "waiting": 0, "back": 7}
    )

    assert "1,234" in get(team_client, "rule", "sunset")
    for name, args in (("rule", ["other"]), ("flagged", ["other"]), ("quiet_people", ["sunset", "stayed"])):
        assert team_client.get(reverse(f"contacts:{name}", args=args)).status_code == 404


def test_each_number_of_a_pass_opens_the_people_behind_it(team_client: Client) -> None:
    first, second = quiet(1), quiet(2)
    run = HygieneRun.objects.create(rule="sunset", at=NOW, counts={"asked": 2, "suppressed": 1, "back": 0})
    Sunset.objects.filter(pk=second.pk).update(state=Sunset.State.SUPPRESSED, asked_at=LONG_AGO)
    url = f"{reverse('contacts:quiet_people', args=['sunset', 'asked'])}?run={run.pk}"
    assert url in get(team_client, "rule", "sunset")

    page = team_client.get(url).content.decode().replace("<wbr>", "")

    assert first.address in page and second.address not in page
    assert second.address in get(team_client, "quiet_people", "sunset", "suppressed")
    assert team_client.get(url.replace(str(run.pk), "999999")).status_code == 404
