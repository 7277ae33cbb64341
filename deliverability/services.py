"""The verbs of deliverability: in whose name mail goes out."""

import unicodedata

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from contacts.addresses import BrokenAddress, address_key, domain_of
from contacts.mailbox_providers import OTHERS, group_of
from deliverability.models import Sender, SendingDomain
from deliverability.signals import bounces_moved

# Line ends and controls would start another header (RFC 5322 2.2); separators look like line ends to some servers.
_FORBIDDEN_CATEGORIES = {"Cc", "Zl", "Zp", "Cs"}


class BrokenSender(ValueError):
    """A name or address no From header can carry; `field` names the field, the text says why to a person."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class SenderInUse(Exception):
    """A campaign or mailing points at the sender; the message says so to a person."""


def ensure_sender(*, name: str, address: str, reply_to: str = "") -> Sender:
    """The sender with this name and address, made with its domain where it is not there yet.

    A `reply_to` that is given replaces the one stored. Raises BrokenSender.
    """
    name, address, reply_to = checked(name=name, address=address, reply_to=reply_to)
    sender, is_new = Sender.objects.get_or_create(
        name=name, address=address, defaults={"domain": _domain(address), "reply_to": reply_to}
    )
    if not is_new and reply_to and sender.reply_to != reply_to:
        sender.reply_to = reply_to
        sender.save(update_fields=["reply_to"])
    return sender


def change_sender(*, sender: Sender, name: str, address: str, reply_to: str = "") -> Sender:
    """Give a sender other words; mailings already planned keep theirs. Raises BrokenSender."""
    name, address, reply_to = checked(name=name, address=address, reply_to=reply_to)
    old_domain = sender.domain
    sender.name, sender.address, sender.reply_to = name, address, reply_to
    try:
        with transaction.atomic():
            sender.domain = _domain(address)
            sender.save()
            _drop_if_unused(old_domain)
    except IntegrityError as error:
        raise BrokenSender("name", _("This sender is there already.")) from error
    return sender


def remove_sender(*, sender: Sender) -> None:
    """Forget a sender nothing points at, and its domain with the last one. Raises SenderInUse."""
    try:
        with transaction.atomic():
            sender.delete()
            _drop_if_unused(sender.domain)
    except ProtectedError as error:
        raise SenderInUse(_("A campaign uses this sender: give it another one first.")) from error


def checked(*, name: str, address: str, reply_to: str) -> tuple[str, str, str]:
    """Name, address and reply address as they may stand in a header. Raises BrokenSender."""
    name = " ".join(name.split(" ")).strip()
    if not name or len(name) > 100:
        raise BrokenSender("name", _("Give a name of at most 100 characters."))
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in name):
        raise BrokenSender("name", _("The name contains a line end or another control character."))
    return name, _header_address("address", address), _header_address("reply_to", reply_to) if reply_to.strip() else ""


LONGEST_LOCAL = 30  # characters: with a token of 33 behind it, no more than the 64 an address may have before its @


def set_bounce_address(*, domain: SendingDomain, address: str) -> None:
    """Where bounces of all mail in a domain's name go; "" for nowhere of its own. Raises BrokenSender.

    Each message adds "+" and its token before the @, so the mailbox must take such addresses. Mailings already planned
    keep what they have.
    """
    address = _header_address("bounce_address", address) if address.strip() else ""
    local, _at, host = address.rpartition("@")
    if address and host != domain.name and not host.endswith(f".{domain.name}"):
        reason = _("It has to be at %(domain)s or below it, so that SPF proves your domain.")
        raise BrokenSender("bounce_address", reason % {"domain": domain.name})
    if len(local) > LONGEST_LOCAL or "+" in local:
        reason = _("At most %(count)d characters before the @, and no plus sign: each message adds its own.")
        raise BrokenSender("bounce_address", reason % {"count": LONGEST_LOCAL})
    SendingDomain.objects.filter(pk=domain.pk).update(bounce_address=address)
    bounces_moved.send(SendingDomain, domain_id=domain.pk)


def bounce_address_of(sender_address: str) -> str:
    """Where bounces of a sender's mail go; "" where its domain has no address for them."""
    name = sender_address.rpartition("@")[2].lower()
    found = SendingDomain.objects.filter(name=name).values_list("bounce_address", flat=True).first()
    return found or ""


def is_public_mailbox(sender: Sender) -> bool:
    """Whether the domain belongs to a mailbox provider: its DMARC makes others refuse what we send in its name."""
    return group_of(sender.domain.name) != OTHERS


def _header_address(field: str, address: str) -> str:
    try:
        key = address_key(address)
    except BrokenAddress as error:
        raise BrokenSender(field, str(error)) from error
    if not key.isascii():
        raise BrokenSender(field, _("Mailbox providers refuse senders with accents before the @."))
    return key


def _domain(address: str) -> SendingDomain:
    return SendingDomain.objects.get_or_create(name=domain_of(address))[0]


def _drop_if_unused(domain: SendingDomain) -> None:
    if not domain.senders.exists():
        domain.delete()
