"""Why a message was skipped, refused or is in doubt. Numbers are stored: never change or reuse one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.IntegerChoices):
    NONE = 0, ""
    # skipped at the snapshot or at claim
    SAME_ADDRESS = 10, _("same address as another contact")
    NOT_SUBSCRIBED = 11, _("left the list")
    NO_CONSENT = 12, _("no consent to be written to")
    NOT_ALLOWED_HERE = 13, _("sample contact, only for the test inbox")
    CANNOT_RENDER = 14, _("the message could not be made for this person")
    SMTPUTF8_NEEDED = 15, _("address needs SMTPUTF8, which the provider does not offer")
    CANCELLED = 16, _("campaign cancelled")
    PAUSED = 17, _("takes a break from our messages")
    RESTORED = 18, _("cancelled after a restored backup: may have received it before")
    BRAKED = 19, _("this mailbox provider’s share was given up")
    # skipped because suppressed: the numbers of contacts.Suppression.Reason
    UNSUBSCRIBED = 20, _("unsubscribed from everything")
    HARD_BOUNCE = 21, _("dead address")
    SOFT_BOUNCES = 22, _("five soft bounces in a row")
    COMPLAINED = 23, _("complained")
    SUPPRESSED_BY_TEAM = 24, _("put on the suppression list by the team")
    ERASED = 25, _("erased on request")
    INACTIVE = 26, _("no sign of life for long")
    # refused by the server
    REFUSED_ADDRESS = 40, _("the address does not exist")
    REFUSED_FULL = 41, _("mailbox full")
    REFUSED_SIZE = 42, _("message too large")
    REFUSED_POLICY = 43, _("refused for policy or reputation")
    REFUSED_CONTENT = 44, _("refused for its content")
    REFUSED_OTHER = 45, _("refused for another reason")
    DEFERRED_TOO_LONG = 46, _("deferred again and again")
    # in doubt
    LEASE_OVER = 60, _("the worker was lost while it was being handed over")
    REPLY_LOST = 61, _("the connection was cut before the answer")
    SERVER_ERROR = 62, _("the provider answered with an error that says nothing")
