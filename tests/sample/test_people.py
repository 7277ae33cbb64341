"""Made-up people are as they say: different, of both languages, at addresses that cannot exist."""

from random import Random

from contacts.addresses import address_key
from contacts.mailbox_providers import BY_NUMBER
from sample.people import people


def test_people_are_the_same_for_the_same_chance_and_all_different() -> None:
    first = list(people(french=400, english=200, random=Random(1)))
    second = list(people(french=400, english=200, random=Random(1)))

    assert first == second
    assert len({person.address for person in first}) == 600


def test_every_address_is_its_own_key_and_reserved_for_examples() -> None:
    for person in people(french=300, english=300, random=Random(2)):
        assert address_key(person.address) == person.address
        assert person.address.endswith(".example")
        assert person.mx_group in BY_NUMBER


def test_languages_are_as_asked_for() -> None:
    found = [person.language for person in people(french=3, english=2, random=Random(3))]

    assert found == ["fr", "fr", "fr", "en", "en"]
