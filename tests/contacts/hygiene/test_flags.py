"""Flags on addresses: what deserves one, who sets it, what people do about it."""

from datetime import UTC, datetime

import pytest

from accounts.models import AuditEntry, User
from contacts.filters import Group, Rule, people
from contacts.hygiene.correcting import correct, settle
from contacts.hygiene.domains import is_role, probably_meant
from contacts.hygiene.flags import flag_everybody
from contacts.models import AddressFlag, Contact
from contacts.services import ContactRefused, add_contact, change_contact, push_own_acts

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Kind = AddressFlag.Kind


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("hotmial.fr", "hotmail.fr"),
        ("orange.f", "orange.fr"),
        ("oragne.fr", "orange.fr"),
        ("free.f", "free.fr"),
        ("laposte.fr", "laposte.net"),
    ],
)
def test_a_slip_of_one_key_in_a_big_domain_is_seen(typed: str, meant: str) -> None:
    assert probably_meant(typed) == meant


@pytest.mark.parametrize("domain", ["gmail.com", "mail.com", "ymail.com", "fred.fr", "live.be", "gmx.ch", "acme.fr"])
def test_real_domains_are_left_alone(domain: str) -> None:
    assert probably_meant(domain) == ""


def test_role_addresses_are_told_by_the_part_before_the_at_sign() -> None:
    assert is_role("contact@ecole.example") and is_role("info+2@ecole.example")
    assert not is_role("claire.contact@ecole.example")


def test_an_address_is_flagged_when_it_comes_and_again_when_it_changes(camille: Contact) -> None:
    lea = add_contact(address="info@gmial.com")

    flags = AddressFlag.objects.filter(contact=lea).order_by("kind")
    assert list(flags.values_list("kind", "suggestion")) == [(Kind.ROLE, ""), (Kind.TYPO, "info@gmail.com")]
    change_contact(contact=lea, address="lea@orange.f", first_name="", last_name="", language="")
    assert list(flags.values_list("kind", "suggestion")) == [(Kind.TYPO, "lea@orange.fr")]
    assert not AddressFlag.objects.filter(contact=camille).exists()


def test_correcting_is_logged_and_takes_the_flag_away(db: None, ines: User) -> None:
    lea = add_contact(address="lea@gmial.com")

    correct(contact=lea, address="lea@gmail.com", user=ines)

    lea.refresh_from_db()
    assert (lea.address_key, lea.mx_group) == ("lea@gmail.com", 1)
    assert not AddressFlag.objects.exists()
    assert AuditEntry.objects.get(verb="contact.correct").details == {"old": "lea@gmial.com", "new": "lea@gmail.com"}


def test_an_address_that_has_answered_is_its_owners_to_change(db: None, ines: User) -> None:
    lea = add_contact(address="lea@gmial.com")
    push_own_acts(acted={lea.pk: NOW})

    with pytest.raises(ContactRefused, match="it works"):
        correct(contact=lea, address="lea@gmail.com", user=ines)


def test_what_the_team_settled_stays_settled_and_the_night_finds_what_was_missed(db: None) -> None:
    lea = add_contact(address="lea@gmial.com")
    settle(contact=lea, at=NOW)
    Contact.objects.create(address="sales@ecole.example", address_key="sales@ecole.example", sort_key="s")

    assert flag_everybody() == 1
    assert AddressFlag.objects.get(kind=Kind.TYPO).settled_at == NOW


def test_contacts_are_filtered_by_their_flags(camille: Contact) -> None:
    lea, desk = add_contact(address="lea@gmial.com"), add_contact(address="contact@ecole.example")

    def found(*kinds: Kind) -> set[Contact]:
        rule = Rule("flag", "any", tuple(str(int(kind)) for kind in kinds))
        return set(people(Group(parts=(rule,)), now=NOW))

    assert found(Kind.TYPO) == {lea}
    assert found(Kind.ROLE, Kind.TYPO) == {lea, desk}
    settle(contact=desk, at=NOW)
    assert found(Kind.ROLE) == set()
