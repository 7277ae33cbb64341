"""Rules over contacts: what each finds, what none may be, and that a page asks the database the same few times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.field_indexes import definitions
from contacts.filters import OPERATORS, Catalogue, Group, Rule, WrongFilter, from_json, people, words_of
from contacts.filters.subjects import SUBJECTS
from contacts.models import Contact, ContactColumns, ContactField, ContactList, ContactTag, SearchText, Tag
from contacts.queries import standing_of
from contacts.search import catch_up, found_by
from contacts.services import add_contact, create_field, push_engagement, subscribe, suppress, unsubscribe

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Kind = ContactField.Kind


def found(*parts: Rule | Group, word: Any = "all") -> set[str]:
    return set(people(Group(word, parts), now=NOW).values_list("first_name", flat=True))


@pytest.fixture
def fields(db: None) -> dict[str, ContactField]:
    return {kind: create_field(label=kind, key=f"own_{kind}", kind=kind) for kind in Kind.values}


@pytest.fixture
def team(fields: dict[str, ContactField], newsletter: ContactList, statement: Any) -> dict[str, Contact]:
    """Three people who differ in everything."""

    def own(**values: Any) -> dict[str, Any]:
        return {str(fields[kind].pk): value for kind, value in values.items()}

    zoe = add_contact(
        address="zoe.lefevre@moulin.example",
        first_name="Zoé",
        last_name="Lefèvre",
        language="fr",
        fields=own(text="Lyon", number=12, date="2026-11-20", boolean=True, choice="S", choices=["lin", "laine"]),
    )
    marc = add_contact(
        address="marc@atelier.example",
        first_name="Marc",
        last_name="Dubois",
        language="en",
        fields=own(text="Lille", number=2.5, date="2025-01-01", boolean=False, choice="M", choices=["lin"]),
    )
    nobody = add_contact(address="info@moulin.example", first_name="Info")
    subscribe(contact=zoe, contact_list=newsletter, statement=statement)
    subscribe(contact=marc, contact_list=newsletter, statement=statement)
    unsubscribe(contact=marc, contact_list=newsletter, at=NOW)
    ContactTag.objects.create(tag=Tag.objects.create(name="VIP"), contact=zoe)
    push_engagement(opened={zoe.pk: date(2026, 11, 1)}, clicked={zoe.pk: NOW - timedelta(days=3)})
    suppress(address_key=nobody.address_key, reason=21, scope=0, origin="", at=NOW)
    return {"zoe": zoe, "marc": marc, "nobody": nobody}


@pytest.mark.parametrize(
    ("kind", "operator", "value", "names"),
    [
        ("text", "is", ["Lyon"], {"Zoé"}),
        ("text", "not", ["Lyon"], {"Marc", "Info"}),
        ("text", "begins", ["L"], {"Zoé", "Marc"}),
        ("text", "contains", ["ill"], {"Marc"}),
        ("text", "unknown", [], {"Info"}),
        ("number", "is", ["12,0"], {"Zoé"}),
        ("number", "less", ["12"], {"Marc"}),
        ("number", "more", ["-1"], {"Zoé", "Marc"}),
        ("date", "is", ["2026-11-20"], {"Zoé"}),
        ("date", "before", ["2026-01-01"], {"Marc"}),
        ("date", "since", ["2025-01-01"], {"Zoé", "Marc"}),
        ("date", "last", ["30"], {"Zoé"}),
        ("date", "older", ["30"], {"Marc"}),
        ("boolean", "yes", [], {"Zoé"}),
        ("boolean", "no", [], {"Marc"}),
        ("boolean", "known", [], {"Zoé", "Marc"}),
        ("choice", "any", ["S", "XL"], {"Zoé"}),
        ("choice", "none", ["S"], {"Marc", "Info"}),
        ("choices", "any", ["laine", "soie"], {"Zoé"}),
        ("choices", "all", ["laine", "lin"], {"Zoé"}),
        ("choices", "none", ["laine"], {"Marc", "Info"}),
    ],
)
@pytest.mark.parametrize("speed", ["plain", "ready"])
def test_each_operator_of_each_type_finds_the_same_indexed_or_not(
    team: Any, fields: dict[str, ContactField], speed: str, kind: str, operator: str, value: list[str], names: set[str]
) -> None:
    ContactField.objects.update(speed=speed)

    assert found(Rule(f"field:{fields[kind].pk}", operator, tuple(value))) == names


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (("text", "contains", "evre moul"), {"Zoé"}),
        (("text", "contains", "atelier"), {"Marc"}),
        (("text", "contains", "du"), {"Marc"}),
        (("address", "ends", "@moulin.example"), {"Zoé", "Info"}),
        (("address", "contains", "c@at"), {"Marc"}),
        (("address", "begins", "Info"), {"Info"}),
        (("first_name", "is", "zoé"), {"Zoé"}),
        (("last_name", "unknown"), {"Info"}),
        (("language", "any", "fr", "en"), {"Zoé", "Marc"}),
        (("language", "any", ""), {"Info"}),
        (("state", "any", "mailable"), {"Zoé"}),
        (("state", "any", "left"), {"Marc"}),
        (("state", "any", "suppressed"), {"Info"}),
        (("state", "any", "nowhere"), {"Info"}),
        (("state", "none", "mailable"), {"Marc", "Info"}),
        (("suppressed", "any", "21", "23"), {"Info"}),
        (("source", "any", "0"), set()),
        (("clicked", "last", "7"), {"Zoé"}),
        (("clicked", "never"), {"Marc", "Info"}),
        (("opened", "older", "7"), {"Zoé"}),
        (("created", "last", "36500"), {"Zoé", "Marc", "Info"}),
        (("created", "before", "2020-01-01"), set()),
    ],
)
def test_rules_about_a_person(team: Any, rule: tuple[str, ...], names: set[str]) -> None:
    assert found(Rule(rule[0], rule[1], rule[2:])) == names


def test_lists_and_tags_and_groups(team: dict[str, Contact], newsletter: ContactList) -> None:
    on = Rule("list", "on", (str(newsletter.pk),))
    left = Rule("list", "left", (str(newsletter.pk),))
    vip = Rule("tag", "any", (str(Tag.objects.get().pk),))

    assert found(on) == {"Zoé"}
    assert found(left) == {"Marc"}
    assert found(Rule("list", "off", on.value)) == {"Marc", "Info"}
    assert found(on, vip) == {"Zoé"}
    assert found(on, left, word="any") == {"Zoé", "Marc"}
    assert found(Group("any", (on, left)), word="none") == {"Info"}
    assert found(Rule("id", "any", (str(team["marc"].pk),))) == {"Marc"}


def test_what_was_deleted_finds_nobody_and_is_said(team: Any) -> None:
    rule = Rule("tag", "any", ("999",))

    assert found(rule) == set()
    assert words_of(rule, Catalogue()).value == "carries deleted"


def test_states_say_what_the_badges_say(team: dict[str, Contact]) -> None:
    for person in team.values():
        standing = standing_of(person, list(person.subscriptions.all()), [])
        assert (person.first_name in found(Rule("state", "any", ("mailable",)))) == standing.is_mailable


@pytest.mark.parametrize(
    "stored",
    [
        {"all": [{"on": "password", "op": "is", "value": ["x"]}]},
        {"all": [{"on": "state", "op": "drop", "value": ["x"]}]},
        {"all": [{"on": "created", "op": "last", "value": ["-1"]}]},
        {"all": [{"on": "created", "op": "since", "value": ["tomorrow"]}]},
        {"all": [{"on": "address", "op": "is", "value": []}]},
        {"all": [{"on": "field:999", "op": "is", "value": ["x"]}]},
        {"or": []},
        {"all": "x"},
        [],
        {"all": [{"on": 1, "op": "is"}]},
        {"all": [{"on": "text", "op": "contains", "value": ["x"]}] * 61},
        {"any": [{"any": [{"any": [{"any": [{"any": [{"any": [{"any": [{"any": []}]}]}]}]}]}]}]},
    ],
)
def test_what_is_no_filter_is_refused(db: None, stored: Any) -> None:
    with pytest.raises(WrongFilter):
        people(from_json(stored or {"all": [[]]}), now=NOW)


@given(
    subject=st.sampled_from([*SUBJECTS, "field:1"]),
    operator=st.sampled_from(sorted({operator for kind in OPERATORS.values() for operator in kind})),
    value=st.lists(st.text(max_size=8), max_size=3),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rule_answers_or_is_refused(db: None, subject: str, operator: str, value: list[str]) -> None:
    stored = {"all": [{"on": subject, "op": operator, "value": value}]}
    try:
        tree = from_json(stored)
        people(tree, now=NOW).count()
    except WrongFilter:
        return
    assert from_json(tree.to_json()) == tree
    for rule in tree.rules():
        assert words_of(rule, Catalogue()).label


# ── the search ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_people_who_came_in_bulk_are_found_by_beginnings_until_the_search_has_caught_up(team: Any) -> None:
    Contact.objects.create(address="x.roux@b.example", address_key="x.roux@b.example", sort_key="roux xavier")

    assert Contact.objects.filter(found_by("roux xa")).count() == 1
    assert Contact.objects.filter(found_by("oux@b")).count() == 0
    assert catch_up() == 1
    assert Contact.objects.filter(found_by("oux@b")).count() == 1


def test_somebody_added_by_hand_does_not_hide_whom_an_import_just_brought(team: Any) -> None:
    Contact.objects.create(address="x.roux@b.example", address_key="x.roux@b.example", sort_key="roux xavier")

    add_contact(address="late@b.example")

    assert Contact.objects.filter(found_by("roux xa")).count() == 1
    assert catch_up() == 2


def test_search_follows_a_change_and_a_deletion(team: dict[str, Contact]) -> None:
    Contact.objects.filter(pk=team["marc"].pk).update(sort_key="du bois marc")
    assert SearchText.objects.get(pk=team["marc"].pk).text == "marc@atelier.example du bois marc"

    team["marc"].delete()

    assert not SearchText.objects.filter(text__contains="atelier").exists()


# ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_rule_put_together_on_the_page_joins_the_address_and_can_be_taken_off(team_client: Client, team: Any) -> None:
    url = reverse("contacts:list")

    answer = team_client.get(url, {"q": "moulin", "on": "language", "op": "any", "value": ["fr", "en"]})
    page = team_client.get(answer["Location"]).content.decode()

    assert answer["Location"] == f"{url}?q=moulin&f=language~any~fr~en"
    assert "Zoé Lefèvre" in page
    assert "info@" not in page
    assert "is French, English" in page
    assert 'href="/contacts/?q=moulin"' in page


def test_a_wrong_rule_is_told_and_left_out(team_client: Client, team: Any) -> None:
    page = team_client.get(reverse("contacts:list"), {"f": ["state~any~x", "created~last~soon"]}).content.decode()

    assert "is not a number of days" in page
    assert "Zoé Lefèvre" in page


def test_input_of_a_rule_fits_its_subject(team_client: Client, fields: dict[str, ContactField]) -> None:
    url = reverse("contacts:filter_rule")

    assert 'type="date"' in team_client.get(url, {"on": f"field:{fields['date'].pk}"}).content.decode()
    assert 'type="number"' in team_client.get(url, {"on": "clicked"}).content.decode()
    assert "<select" in team_client.get(url, {"on": "state"}).content.decode()
    assert team_client.get(url, {"on": "nothing"}).content == b""


def test_columns_are_remembered_for_the_user(team_client: Client, team: Any, fields: dict[str, ContactField]) -> None:
    column = f"field:{fields['text'].pk}"

    answer = team_client.post(reverse("contacts:columns"), {"column": ["language", column, "x"], "q": "zoe"})
    page = team_client.get(answer["Location"]).content.decode()

    assert ContactColumns.objects.get().names == ["language", column]
    assert "Lyon" in page
    assert "Reachable" not in page


@pytest.mark.parametrize("columns", [["state"], ["tags", "clicked", "opened", "provider", "lists"]])
def test_table_costs_the_same_with_one_and_three_people(team_client: Client, team: Any, columns: list[str]) -> None:
    team_client.post(reverse("contacts:columns"), {"column": columns})
    url = reverse("contacts:list")
    team_client.get(url)

    costs = []
    for text in ("marc", "example"):
        with CaptureQueriesContext(connection) as captured:
            team_client.get(url, {"q": text})
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_count_is_a_fragment_of_its_own(team_client: Client, team: Any) -> None:
    page = team_client.get(reverse("contacts:count"), {"f": "language~any~fr~en"}).content.decode()

    assert "2 contacts" in page


# ── what the server reads ───────────────────────────────────────────────────────────────────────────────────────
CROWD = 20_000


@pytest.fixture
def city(newsletter: ContactList) -> dict[str, ContactField]:
    """A crowd with two fast fields, a rare tag, and the server's statistics on all of it."""
    fields = {kind: create_field(label=kind, key=kind, kind=kind) for kind in (Kind.TEXT, Kind.NUMBER, Kind.CHOICES)}
    text, number, choices = (str(field.pk) for field in fields.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contact (address, address_key, sort_key, fields)"
            " select a, a, a, jsonb_build_object(%s::text, 'town ' || i %% 500, %s::text, i, %s::text,"
            " array['c' || i %% 400])"
            " from (select i, 'person' || i || '@moulin.example' a from generate_series(1, %s) i) p",
            (text, number, choices, CROWD),
        )
        cursor.execute(
            "insert into contacts_subscription (contact_id, contact_list_id)"
            " select id, %s from contacts_contact where id %% 400 = 0",
            (newsletter.pk,),
        )
        for field in fields.values():
            for name, definition in definitions(field).items():
                cursor.execute(f"create index {name} on contacts_contact {definition}")
    catch_up()
    with connection.cursor() as cursor:
        cursor.execute("analyze contacts_contact, contacts_subscription, contacts_searchtext")
    ContactField.objects.update(speed="ready")
    return fields


def test_rules_few_people_fit_read_only_a_part_of_the_contacts(
    city: dict[str, ContactField], newsletter: ContactList
) -> None:
    name = {kind: f"field:{field.pk}" for kind, field in city.items()}
    rules = [
        Rule("text", "contains", ("n1234@mou",)),
        Rule("address", "contains", ("son777",)),
        Rule("list", "on", (str(newsletter.pk),)),
        Rule(name["text"], "is", ("town 7",)),
        Rule(name["text"], "contains", ("wn 499",)),
        Rule(name["number"], "more", (str(CROWD - 50),)),
        Rule(name["choices"], "any", ("c77",)),
        Rule("state", "any", ("break",)),
    ]
    for rule in rules:
        plan = people(Group("all", (rule,)), now=NOW).order_by("-pk")[:51].explain()

        assert "Seq Scan on contacts_contact" not in plan, (rule, plan)


def test_a_whole_address_finds_its_person_alone(team: dict[str, Contact], django_assert_num_queries: Any) -> None:
    catch_up()
    add_contact(address="jean-marc@atelier.example")

    with django_assert_num_queries(1):
        wanted = found_by(" MARC@atelier.example ")

    assert list(Contact.objects.filter(wanted)) == [team["marc"]]
    assert Contact.objects.filter(found_by("arc@atelier.example")).count() == 2  # nobody's: part of two
