"""Whom we may mail, and on what proof. One file a noun."""

from contacts.models.consent import Consent, ConsentState, ConsentStatement, Purpose
from contacts.models.imports import ContactImport, ImportedContact
from contacts.models.people import Contact, ContactField, Engagement
from contacts.models.subscriptions import ContactList, Subscription
from contacts.models.suppressions import Suppression

__all__ = [
    "Consent",
    "ConsentState",
    "ConsentStatement",
    "Contact",
    "ContactField",
    "ContactImport",
    "ContactList",
    "Engagement",
    "ImportedContact",
    "Purpose",
    "Subscription",
    "Suppression",
]
