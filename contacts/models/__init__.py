"""Whom we may mail, and on what proof. One file a noun."""

from contacts.models.confirmations import Confirmation, LeavingReason, OptInGate
from contacts.models.consent import Consent, ConsentState, ConsentStatement, Purpose
from contacts.models.imports import ContactImport, ImportedContact
from contacts.models.people import Contact, ContactField, Engagement
from contacts.models.subscribe_forms import SubscribeForm
from contacts.models.subscriptions import ContactList, Subscription
from contacts.models.suppressions import Suppression

__all__ = [
    "Confirmation",
    "Consent",
    "ConsentState",
    "ConsentStatement",
    "Contact",
    "ContactField",
    "ContactImport",
    "ContactList",
    "Engagement",
    "ImportedContact",
    "LeavingReason",
    "OptInGate",
    "Purpose",
    "SubscribeForm",
    "Subscription",
    "Suppression",
]
