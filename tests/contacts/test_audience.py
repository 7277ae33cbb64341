from datetime import UTC, datetime

import pytest
from django.db import connection

from contacts.audience import Audience, Obstacle, preview, reaches_somebody
from contacts.models import ConsentStatement, Contact, ContactList, Suppression
from contacts.services import add_contact, create_list, subscribe, suppress, suppress_on_list, unsubscribe

Reason = Suppression.Reason
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def sales(db: None) -> ContactList:
    return create_list(name="Private sales")


def rows(audience: Audience) -> list[tuple[int, int]]:
    found = []
    for sql, params in (audience.source_sql(), audience.whole_sql()):
        with connection.cursor() as cursor:
            cursor.execute(f"select contact_id, list_id from ({sql}) a order by contact_id", params)
            found.append(cursor.fetchall())
    assert found[0] == found[1]
    return found[0]


def join(address: str, statement: ConsentStatement, *lists: ContactList) -> Contact:
    contact = add_contact(address=address)
    for contact_list in lists:
        subscribe(contact=contact, contact_list=contact_list, statement=statement)
    return contact


def test_audience_of_two_lists_holds_each_person_once_under_the_smallest_list(
    camille: Contact, newsletter: ContactList, sales: ContactList, statement: ConsentStatement
) -> None:
    lea = join("lea@courriel.example", statement, sales, newsletter)
    marc = join("marc@courriel.example", statement, sales)

    found = rows(Audience(lists=(sales.pk, newsletter.pk)))

    assert found == [(camille.pk, newsletter.pk), (lea.pk, newsletter.pk), (marc.pk, sales.pk)]


def test_a_list_that_bans_an_address_gives_way_to_one_that_does_not(
    camille: Contact, newsletter: ContactList, sales: ContactList, statement: ConsentStatement
) -> None:
    subscribe(contact=camille, contact_list=sales, statement=statement)
    lea = join("lea@courriel.example", statement, newsletter)
    for contact in (camille, lea):
        suppress_on_list(
            address_key=contact.address_key, contact_list=newsletter, reason=Reason.MANUAL, origin="", at=NOW
        )
    both = Audience(lists=(newsletter.pk, sales.pk))

    assert rows(both) == [(camille.pk, sales.pk), (lea.pk, newsletter.pk)]
    found = preview(both, reaches_samples=False)
    assert (found.reached, found.obstacles) == (1, [(Obstacle.MANUAL, 1)])


def test_audience_leaves_out_who_left(camille: Contact, newsletter: ContactList) -> None:
    unsubscribe(contact=camille, contact_list=newsletter, at=NOW)

    assert rows(Audience(lists=(newsletter.pk,))) == []


def test_audience_of_no_list_is_nobody(camille: Contact) -> None:
    assert rows(Audience(lists=())) == []


def test_one_look_tells_whether_anybody_is_reached(camille: Contact, newsletter: ContactList) -> None:
    audience = Audience(lists=(newsletter.pk,))
    assert reaches_somebody(audience, reaches_samples=False)
    assert not reaches_somebody(Audience(lists=()), reaches_samples=False)

    suppress(address_key=camille.address_key, reason=Reason.MANUAL, scope=Suppression.Scope.ALL, origin="test", at=NOW)
    assert not reaches_somebody(audience, reaches_samples=False)


def test_many_left_out_at_the_head_of_an_audience_do_not_hide_who_comes_after(newsletter: ContactList) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into contacts_contact (address, address_key, sort_key, paused_until) "
            "select a, a, a, case when n < 600 then now() + interval '1 day' end "
            "from (select n, 'p' || n || '@verdier.example' a from generate_series(1, 600) n) x"
        )
        cursor.execute(
            "insert into contacts_subscription (contact_id, contact_list_id) select id, %s from contacts_contact",
            [newsletter.pk],
        )

    assert reaches_somebody(Audience(lists=(newsletter.pk,)), reaches_samples=False)


def test_audience_survives_json() -> None:
    assert Audience.from_json(Audience(lists=(3, 1)).to_json()) == Audience(lists=(1, 3))


def test_preview_says_who_will_not_get_it_and_why(
    camille: Contact, newsletter: ContactList, statement: ConsentStatement
) -> None:
    join("lea@gmail.com", statement, newsletter)
    join("dead@gmail.com", statement, newsletter)
    Contact.objects.filter(pk=join("sample@courriel.example", statement, newsletter).pk).update(is_sample=True)
    for scope, reason in ((0, Suppression.Reason.HARD_BOUNCE), (1, Suppression.Reason.UNSUBSCRIBED)):
        suppress(address_key="dead@gmail.com", reason=reason, scope=scope, origin="", at=NOW)

    found = preview(Audience(lists=(newsletter.pk,)), reaches_samples=False)

    assert (found.total, found.reached) == (4, 2)
    assert found.obstacles == [(Obstacle.SAMPLE, 1), (Obstacle.HARD_BOUNCE, 1)]
    assert [(str(provider.name), count) for provider, count in found.providers] == [("others", 1), ("Gmail", 1)]


def test_preview_through_the_test_inbox_reaches_samples(camille: Contact, newsletter: ContactList) -> None:
    Contact.objects.update(is_sample=True)

    assert preview(Audience(lists=(newsletter.pk,)), reaches_samples=True).reached == 1
