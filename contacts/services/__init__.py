"""The verbs of contacts: the app's public face. One file a noun; keyword-only."""

from contacts.services.consent import Circumstances, record_consent, state_source, statement_for
from contacts.services.engagement import push_engagement, push_soft_bounces
from contacts.services.people import ContactRefused, add_contact, change_contact, remove_contact
from contacts.services.subscriptions import create_list, remove_list, subscribe, unsubscribe
from contacts.services.suppressions import lift_suppression, suppress, suppress_all

__all__ = [
    "Circumstances",
    "ContactRefused",
    "add_contact",
    "change_contact",
    "create_list",
    "lift_suppression",
    "push_engagement",
    "push_soft_bounces",
    "record_consent",
    "remove_contact",
    "remove_list",
    "state_source",
    "statement_for",
    "subscribe",
    "suppress",
    "suppress_all",
    "unsubscribe",
]
