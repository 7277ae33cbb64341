"""Sample people into contacts: set-based, each row marked, with consents in all three states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from contacts.addresses import sort_key
from contacts.models import (
    Consent,
    ConsentState,
    ConsentStatement,
    Contact,
    ContactField,
    ContactList,
    Purpose,
    Subscription,
)
from contacts.services import statement_for
from sample.people import Person

CITY = "city"
_BLOCK = 2_000
# How people answered when asked about opens and clicks; the rest was not asked.
_OPENS = ((ConsentState.GRANTED, 0.58), (ConsentState.DENIED, 0.12))
_CLICKS = ((ConsentState.GRANTED, 0.60), (ConsentState.DENIED, 0.07))
WORDING_FR = "Oui, je souhaite recevoir la lettre de Maison Verdier. J’accepte que mes ouvertures soient mesurées."
WORDING_EN = "Yes, send me the Verdier notebook. I agree that my opens are measured."


@dataclass(frozen=True, slots=True)
class Lists:
    french: ContactList
    english: ContactList
    club: ContactList

    def all(self) -> tuple[ContactList, ...]:
        return (self.french, self.english, self.club)


def make_lists() -> Lists:
    """The three sample lists; a name the team already uses gets a number."""
    return Lists(
        french=_list("Lettre d’information", "Une fois par mois, le carnet de la maison et ses nouveautés."),
        english=_list("Newsletter (English)", "Once a month, the notebook and what is new."),
        club=_list("Club des fidèles", "Les avant-premières, 48 heures avant tout le monde."),
    )


def _list(name: str, description: str) -> ContactList:
    free, number = name, 1
    while ContactList.objects.filter(name=free).exists():
        number += 1
        free = f"{name} {number}"
    return ContactList.objects.create(name=free, description=description, is_sample=True)


def add_people(people: Sequence[Person], *, lists: Lists, now: datetime, random: Random, club: int) -> list[Contact]:
    """Write everybody with subscriptions and consents; the first `club` French ones are in the club as well."""
    city, _made = ContactField.objects.get_or_create(key=CITY, defaults={"label": "Ville"})
    joined = {person.address: now - timedelta(days=random.triangular(60, 420, 120)) for person in people}
    contacts = Contact.objects.bulk_create(
        [_contact(person, city=str(city.pk), at=joined[person.address], random=random) for person in people],
        batch_size=_BLOCK,
    )
    Subscription.objects.bulk_create(
        [
            Subscription(contact=contact, contact_list=found, subscribed_at=contact.created_at)
            for number, contact in enumerate(contacts)
            for found in _lists_of(contact, lists=lists, is_in_club=number < club)
        ],
        batch_size=_BLOCK,
    )
    _add_consents(contacts, lists=lists, random=random)
    return contacts


def _contact(person: Person, *, city: str, at: datetime, random: Random) -> Contact:
    return Contact(
        address=person.address,
        address_key=person.address,
        sort_key=sort_key(person.first_name, person.last_name, person.address),
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        mx_group=person.mx_group,
        fields={city: person.town} if person.town else {},
        open_consent=_answer(_OPENS, random),
        click_consent=_answer(_CLICKS, random),
        is_sample=True,
        created_at=at,
        updated_at=at,
    )


def _answer(shares: Sequence[tuple[ConsentState, float]], random: Random) -> ConsentState:
    draw = random.random()
    for state, share in shares:
        if draw < share:
            return state
        draw -= share
    return ConsentState.UNKNOWN


def _lists_of(contact: Contact, *, lists: Lists, is_in_club: bool) -> list[ContactList]:
    own = lists.french if contact.language == "fr" else lists.english
    return [own, lists.club] if is_in_club else [own]


def _add_consents(contacts: Sequence[Contact], *, lists: Lists, random: Random) -> None:
    origin = ConsentStatement.Origin
    form = {
        "fr": statement_for(origin=origin.FORM, source="Formulaire du site (exemple)", wording=WORDING_FR),
        "en": statement_for(origin=origin.FORM, source="Form on the website (sample)", wording=WORDING_EN),
    }
    fair = statement_for(origin=origin.IMPORT, source="Salon Maison & Objet, Paris (exemple)")
    rows = []
    for contact in contacts:
        statement = fair if random.random() < 0.2 else form[contact.language]
        answers = [
            (Purpose.MAILING, ConsentState.GRANTED),
            (Purpose.OPENS, contact.open_consent),
            (Purpose.CLICKS, contact.click_consent),
        ]
        rows += [
            Consent(contact=contact, purpose=purpose, state=state, statement=statement, at=contact.created_at)
            for purpose, state in answers
            if state != ConsentState.UNKNOWN
        ]
    Consent.objects.bulk_create(rows, batch_size=_BLOCK)
