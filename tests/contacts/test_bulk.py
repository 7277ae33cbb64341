"""Changes of everybody a filter finds: each once, resumable, nobody brought back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from contacts import bulk
from contacts.bulk import ChangeRefused, ask_change, run_change, stop_change, waiting_changes
from contacts.bulk_acts import ACTS, Act
from contacts.filters import EVERYBODY, Group, Rule
from contacts.models import (
    BulkChange,
    Consent,
    ConsentStatement,
    Contact,
    ContactField,
    ContactList,
    ContactTag,
    Subscription,
    Suppression,
    Tag,
)
from contacts.services import add_contact, archive_field, create_field, create_list, subscribe, suppress, unsubscribe

Action, State = BulkChange.Action, BulkChange.State


@pytest.fixture
def crowd(db: None) -> list[Contact]:
    return [add_contact(address=f"p{number}@courriel.example", first_name="Léa", language="fr") for number in range(7)]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people a transaction instead of thousands."""
    for action, act in ACTS.items():
        monkeypatch.setitem(ACTS, action, Act(act.make, block=3, finish=act.finish))


def changed(action: str, terms: dict[str, Any], *, tree: Group = EVERYBODY, user: User | None = None) -> BulkChange:
    done = run_change(ask_change(tree=tree, action=action, terms=terms, user=user).pk)
    assert done is not None
    assert done.state == State.DONE, done.error
    return done


def test_tag_is_put_on_everybody_once_and_taken_off_again(crowd: list[Contact], small_blocks: None) -> None:
    tag = Tag.objects.create(name="VIP")
    ContactTag.objects.create(tag=tag, contact=crowd[0])

    on = changed(Action.TAG, {"tag": tag.pk})
    off = changed(Action.UNTAG, {"tag": tag.pk}, tree=Group("all", (Rule("text", "contains", ("p3@",)),)))

    assert (on.seen_count, on.changed_count, on.unchanged_count) == (7, 6, 1)
    assert (off.seen_count, off.changed_count) == (1, 1)
    assert ContactTag.objects.count() == 6


def test_subscribing_brings_nobody_back_and_writes_the_proof_down(
    crowd: list[Contact], newsletter: ContactList, statement: ConsentStatement, small_blocks: None
) -> None:
    left, dead, waiting, member = crowd[:4]
    for person in (left, member):
        subscribe(contact=person, contact_list=newsletter, statement=statement)
    unsubscribe(contact=left, contact_list=newsletter, at=timezone.now())
    suppress(address_key=dead.address_key, reason=21, scope=0, origin="", at=timezone.now())
    Subscription.objects.create(contact=waiting, contact_list=newsletter, state=Subscription.State.PENDING)
    before = Consent.objects.count()

    done = changed(Action.SUBSCRIBE, {"list": newsletter.pk, "statement": statement.pk})

    assert (done.seen_count, done.changed_count, done.kept_out_count, done.unchanged_count) == (7, 4, 2, 1)
    assert set(Contact.objects.on_list(newsletter)) == {*crowd[2:]}
    assert Consent.objects.count() == before + 4


def test_unsubscribing_withdraws_the_consent(
    crowd: list[Contact], newsletter: ContactList, statement: ConsentStatement
) -> None:
    other = create_list(name="Other")
    for person in crowd[:2]:
        subscribe(contact=person, contact_list=newsletter, statement=statement)
        subscribe(contact=person, contact_list=other, statement=statement)

    done = changed(Action.UNSUBSCRIBE, {"list": newsletter.pk, "statement": statement.pk})

    assert done.changed_count == 2
    assert not Contact.objects.on_list(newsletter)
    assert Contact.objects.on_list(other).count() == 2
    assert Consent.objects.filter(state=2, contact_list=newsletter).count() == 2


def test_suppressing_and_fields(crowd: list[Contact], ines: User) -> None:
    field = create_field(label="Shop", key="shop", kind=ContactField.Kind.CHOICE, options=["Lyon", "Nantes"])
    Contact.objects.filter(pk=crowd[0].pk).update(fields={"999": "kept", str(field.pk): "Lyon"})

    assert changed(Action.SET_FIELD, {"field": field.pk, "value": "Lyon"}).changed_count == 6
    assert changed(Action.SUPPRESS, {}, user=ines).changed_count == 7
    assert changed(Action.SUPPRESS, {}, user=ines).changed_count == 0
    assert set(Suppression.objects.values_list("reason", "origin")) == {(Suppression.Reason.MANUAL, str(ines))}
    assert changed(Action.CLEAR_FIELD, {"field": field.pk}).changed_count == 7
    assert [row.fields for row in Contact.objects.order_by("pk")] == [{"999": "kept"}, *[{}] * 6]


def test_field_goes_after_its_last_value(crowd: list[Contact]) -> None:
    field = create_field(label="Shop", key="shop", kind=ContactField.Kind.TEXT)
    changed(Action.SET_FIELD, {"field": field.pk, "value": "Lyon"})
    archive_field(field=field)

    changed(Action.CLEAR_FIELD, {"field": field.pk, "drop": True})

    assert not ContactField.objects.exists()
    assert not Contact.objects.exclude(fields={}).exists()


def test_erasing_takes_an_administrator(crowd: list[Contact], ines: User, olivier: User, small_blocks: None) -> None:
    with pytest.raises(ChangeRefused):
        ask_change(tree=EVERYBODY, action=Action.ERASE, terms={}, user=ines)

    changed(Action.ERASE, {}, user=olivier)

    assert not Contact.objects.exists()
    assert Suppression.objects.filter(reason=Suppression.Reason.ERASED).count() == 7


def test_a_change_whose_filter_it_undoes_reaches_everybody(crowd: list[Contact], small_blocks: None) -> None:
    tag = Tag.objects.create(name="VIP")

    done = changed(Action.TAG, {"tag": tag.pk}, tree=Group("all", (Rule("tag", "none", (str(tag.pk),)),)))

    assert done.changed_count == 7


def test_who_is_added_later_is_left_alone(crowd: list[Contact]) -> None:
    tag = Tag.objects.create(name="VIP")
    change = ask_change(tree=EVERYBODY, action=Action.TAG, terms={"tag": tag.pk}, user=None)
    add_contact(address="late@courriel.example")

    run_change(change.pk)

    assert ContactTag.objects.count() == 7


class _Killed(Exception):
    """A worker that ends at once."""


def test_worker_that_died_is_followed_by_one_that_goes_on(crowd: list[Contact], small_blocks: None) -> None:
    tag = Tag.objects.create(name="VIP")
    change = ask_change(tree=EVERYBODY, action=Action.TAG, terms={"tag": tag.pk}, user=None)

    def die(row: BulkChange) -> None:
        if row.seen_count == 3:
            raise _Killed

    with pytest.raises(_Killed):
        run_change(change.pk, report=die)
    assert run_change(change.pk) is None  # the lease still runs
    BulkChange.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert waiting_changes() == [change.pk]
    done = run_change(change.pk)

    assert done is not None
    assert (done.state, done.seen_count, done.changed_count) == (State.DONE, 7, 7)


def test_stopping_keeps_what_was_changed(crowd: list[Contact], small_blocks: None) -> None:
    tag = Tag.objects.create(name="VIP")
    change = ask_change(tree=EVERYBODY, action=Action.TAG, terms={"tag": tag.pk}, user=None)

    done = run_change(change.pk, report=lambda row: stop_change(change=row) and None)

    assert done is not None
    assert (done.state, ContactTag.objects.count()) == (State.STOPPED, 3)
    assert not stop_change(change=change)


def test_what_was_deleted_meanwhile_is_told(crowd: list[Contact], newsletter: ContactList) -> None:
    change = ask_change(tree=EVERYBODY, action=Action.SUBSCRIBE, terms={"list": 0, "statement": 0}, user=None)

    done = run_change(change.pk)

    assert done is not None
    assert (done.state, done.error) == (State.FAILED, "The list was deleted meanwhile.")


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_get_shows_whom_and_changes_nothing(team_client: Client, crowd: list[Contact]) -> None:
    url = reverse("contacts:new_bulk")

    some = team_client.get(url, {"action": "tag", "pk": [crowd[0].pk, crowd[1].pk]}).content.decode()
    everybody = team_client.get(url, {"action": "subscribe", "everybody": "1", "f": "language~any~fr"}).content.decode()

    assert "2 contacts" in some
    assert "7 contacts" in everybody
    assert "is not brought back" in everybody
    assert not BulkChange.objects.exists()


def test_post_freezes_the_filter_and_the_page_follows_it(team_client: Client, crowd: list[Contact]) -> None:
    posted = {"action": "tag", "everybody": "1", "f": "language~any~fr", "to-tag": "Été 2026"}

    answer = team_client.post(reverse("contacts:new_bulk"), posted)

    change = BulkChange.objects.get()
    assert change.filter == {"all": [{"on": "language", "op": "any", "value": ["fr"]}]}
    assert change.terms == {"tag": Tag.objects.get(name="Été 2026").pk}
    assert "every 1s" in team_client.get(answer["Location"]).content.decode()
    bulk.run_change(change.pk)
    page = team_client.get(answer["Location"]).content.decode()
    assert "every 1s" not in page
    assert "Été 2026" in page
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["contacts.bulk", "contacts.bulk.done"]


def test_value_that_does_not_fit_is_refused_with_the_field_named(team_client: Client, crowd: list[Contact]) -> None:
    field = create_field(label="Orders", key="orders", kind=ContactField.Kind.NUMBER)
    posted = {"action": "set_field", "everybody": "1", "to-field": field.pk, "to-value": "many"}

    page = team_client.post(reverse("contacts:new_bulk"), posted).content.decode()

    assert "Orders: “many” is not a number." in page
    assert not BulkChange.objects.exists()


def test_erasing_on_the_page_takes_an_administrator_and_the_word(
    team_client: Client, admin_client: Client, crowd: list[Contact]
) -> None:
    url = reverse("contacts:new_bulk")
    posted = {"action": "erase", "pk": [crowd[0].pk]}

    assert team_client.get(url, posted).status_code == 403
    assert "Type ERASE." in admin_client.post(url, posted | {"to-word": "yes"}).content.decode()
    assert not BulkChange.objects.exists()
    assert admin_client.post(url, posted | {"to-word": "erase"}).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_changes_costs_the_same(
    team_client: Client, ines: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        ask_change(tree=EVERYBODY, action=Action.SUPPRESS, terms={}, user=ines)
    team_client.get(reverse("contacts:bulks"))

    with django_assert_num_queries(6):
        assert team_client.get(reverse("contacts:bulks")).status_code == 200
