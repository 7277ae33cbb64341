"""Camille, on the newsletter of Maison Verdier, on proof."""

import pytest

from contacts.models import ConsentStatement, Contact, ContactList
from contacts.services import add_contact, create_list, state_source, subscribe


@pytest.fixture
def statement(db: None) -> ConsentStatement:
    return state_source(origin=ConsentStatement.Origin.STAFF, source="Stand at the fair of Lyon, May 2026")


@pytest.fixture
def newsletter(db: None) -> ContactList:
    return create_list(name="Newsletter Maison")


@pytest.fixture
def camille(newsletter: ContactList, statement: ConsentStatement) -> Contact:
    contact = add_contact(
        address="Camille.Roux@Courriel.example", first_name="Camille", last_name="Roux", statement=statement
    )
    subscribe(contact=contact, contact_list=newsletter, statement=statement)
    return contact
