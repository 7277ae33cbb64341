"""Whom we may mail, and on what proof. One file a noun."""

from contacts.models.confirmations import Confirmation, LeavingReason, OptInGate
from contacts.models.consent import Consent, ConsentState, ConsentStatement, Purpose
from contacts.models.exports import ContactExport
from contacts.models.fields import ContactField
from contacts.models.hygiene import (
    AddressFlag,
    Duplicate,
    FormerAddress,
    HygieneRule,
    HygieneRun,
    Sunset,
    WelcomeDue,
)
from contacts.models.imports import ColumnMemory, ContactImport, ImportedContact, ImportFinding
from contacts.models.mail_domains import MailDomain
from contacts.models.people import Contact, Engagement
from contacts.models.search import SearchText
from contacts.models.subscribe_forms import SubscribeForm
from contacts.models.subscriptions import ContactList, Subscription
from contacts.models.suppressions import Suppression
from contacts.models.tables import BulkChange, ContactColumns
from contacts.models.tags import ContactTag, Tag

__all__ = [
    "AddressFlag",
    "BulkChange",
    "ColumnMemory",
    "Confirmation",
    "Consent",
    "ConsentState",
    "ConsentStatement",
    "Contact",
    "ContactColumns",
    "ContactExport",
    "ContactField",
    "ContactImport",
    "ContactList",
    "ContactTag",
    "Duplicate",
    "Engagement",
    "FormerAddress",
    "HygieneRule",
    "HygieneRun",
    "ImportFinding",
    "ImportedContact",
    "LeavingReason",
    "MailDomain",
    "OptInGate",
    "Purpose",
    "SearchText",
    "SubscribeForm",
    "Subscription",
    "Sunset",
    "Suppression",
    "Tag",
    "WelcomeDue",
]
