"""The verbs of contacts: the app's public face. One file a noun; keyword-only."""

from contacts.services.confirmations import (
    ConfirmationExpired,
    Witness,
    ask_again,
    due_mails,
    note_mailed,
    take_due,
    tidy,
)
from contacts.services.consent import Circumstances, record_consent, state_source, statement_for
from contacts.services.engagement import push_engagement, push_own_acts, push_soft_bounces
from contacts.services.erasure import confirm_copy, confirm_erasure, erase_contact
from contacts.services.fields import FieldRefused, archive_field, change_field, create_field, restore_field
from contacts.services.joining import Posted, confirm_joining, post_form, save_form
from contacts.services.leaving import note_leaving_reason
from contacts.services.people import ContactRefused, add_contact, change_contact, remove_contact
from contacts.services.preferences import (
    ASKING_REST,
    PAUSES,
    choose_language,
    confirm_address,
    confirm_staying,
    may_ask_tracking,
    note_tracking_asked,
    pause_contact,
    request_address,
    request_own,
)
from contacts.services.subscriptions import create_list, remove_list, subscribe, unsubscribe
from contacts.services.suppressions import (
    LiftRefused,
    forbid_address,
    lift_suppression,
    suppress,
    suppress_all,
    suppress_on_list,
)
from contacts.services.tags import (
    TagRefused,
    merge_tag,
    remove_tag,
    rename_tag,
    tag_contact,
    tags_named,
    untag_contact,
)

__all__ = [
    "ASKING_REST",
    "PAUSES",
    "Circumstances",
    "ConfirmationExpired",
    "ContactRefused",
    "FieldRefused",
    "LiftRefused",
    "Posted",
    "TagRefused",
    "Witness",
    "add_contact",
    "archive_field",
    "ask_again",
    "change_contact",
    "change_field",
    "choose_language",
    "confirm_address",
    "confirm_copy",
    "confirm_erasure",
    "confirm_joining",
    "confirm_staying",
    "create_field",
    "create_list",
    "due_mails",
    "erase_contact",
    "forbid_address",
    "lift_suppression",
    "may_ask_tracking",
    "merge_tag",
    "note_leaving_reason",
    "note_mailed",
    "note_tracking_asked",
    "pause_contact",
    "post_form",
    "push_engagement",
    "push_own_acts",
    "push_soft_bounces",
    "record_consent",
    "remove_contact",
    "remove_list",
    "remove_tag",
    "rename_tag",
    "request_address",
    "request_own",
    "restore_field",
    "save_form",
    "state_source",
    "statement_for",
    "subscribe",
    "suppress",
    "suppress_all",
    "suppress_on_list",
    "tag_contact",
    "tags_named",
    "take_due",
    "tidy",
    "unsubscribe",
    "untag_contact",
]
