"""The header of a mailing's messages: what stands in each, and what is the same in all of them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django.utils.translation import gettext as _

from delivery.copies import OneCopy
from delivery.models import Content
from delivery.skeleton.body import Chunk
from delivery.skeleton.errors import CannotFill, ContentRefused
from delivery.skeleton.headers import mailbox, mailbox_field, safe

# Fields two and three of Feedback-ID: stream and kind.
MARKETING, TRANSACTIONAL = "marketing:campaign", "transactional:request"


@dataclass(frozen=True, slots=True)
class Frame:
    """Finished header fields of one content. `boundary` cannot occur in quoted-printable text: "=_" is no escape."""

    mailing: int
    sender: str
    bounces: tuple[str, str] | None  # the two parts of the address for bounces; None: they go to the sender
    from_field: str
    reply_to: str
    domain: str
    needs_smtputf8: bool
    lists: tuple[int, ...]
    boundary: str
    is_transactional: bool

    def return_path(self, token: str) -> str:
        """Whom a bounce goes to; where the domain has an address for them, it names the message, signed."""
        return f"{self.bounces[0]}+{token}@{self.bounces[1]}" if self.bounces else self.sender

    def message_id(self, token: str, message: OneCopy) -> str:
        """Unique per copy, on the sender's domain, signed: a bounce that names it names a message we sent.

        The copies of a test all have number 0: the address tells them apart.
        """
        copy = "" if message.pk else f".{crc32(message.address.encode()):x}"
        return f"<{token}{copy}@{self.domain}>"

    def list_id(self, values: Mapping[str, Any]) -> str:
        """Stable per list: the one the person is written to as, else the campaign's."""
        found = values["list"].get("id")
        named = f"list-{int(found)}" if found else "-".join(["lists", *map(str, self.lists)])
        return f"<{named}.{self.domain}>"

    def constant_headers(self) -> dict[str, str]:
        """The same in every message, in their order."""
        sender = self.domain.replace(".", "-")
        if self.is_transactional:
            return {"Feedback-ID": f"{self.mailing}:{TRANSACTIONAL}:{sender}", "Auto-Submitted": "auto-generated"}
        return {
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": f"{self.mailing}:{MARKETING}:{sender}",
            "Precedence": "bulk",
        }

    def list_headers(self, values: Mapping[str, Any], unsubscribe: str) -> dict[str, str]:
        """Who can leave what, in campaigns; nobody leaves what they asked for themselves."""
        if self.is_transactional:
            return {}
        return {"List-ID": self.list_id(values), "List-Unsubscribe": f"<{unsubscribe}>"}

    @property
    def reply_to_field(self) -> str:
        """With its line end; nothing where there is none."""
        return f"Reply-To: {self.reply_to}\r\n" if self.reply_to else ""

    def around(self, text: list[Chunk], html: list[Chunk]) -> list[Chunk]:
        """The chunks of a message after its personal header fields."""
        constant = "".join(f"{name}: {value}\r\n" for name, value in self.constant_headers().items())
        mark = f"--{self.boundary}"
        start = (
            f'{constant}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{self.boundary}"\r\n'
            f"\r\n{mark}\r\n{_part_header('plain')}"
        )
        return [start, *text, f"\r\n{mark}\r\n{_part_header('html')}", *html, f"\r\n{mark}--\r\n"]

    def opaque_id(self, message: int) -> str:
        """What providers print into metadata: says nothing to anybody, and finds the message."""
        return f"{self.mailing}.{message}"


def frame_of(content: Content) -> Frame:
    """Raises ContentRefused with every field a header could be broken out of."""
    problems = list(_problems(content))
    if problems:
        raise ContentRefused(problems)
    mailing = content.mailing
    sender, sender_utf8 = mailbox(content.sender_address)
    reply_to, reply_utf8 = mailbox(content.reply_to) if content.reply_to else ("", False)
    seed = f"{mailing.pk}.{content.pk}".encode()
    return Frame(
        mailing=mailing.pk,
        sender=sender,
        bounces=_parts(content.bounce_address) if content.bounce_address else None,
        from_field=mailbox_field("From", content.sender_name, sender),
        reply_to=reply_to,
        domain=sender.rpartition("@")[2].lower(),
        needs_smtputf8=sender_utf8 or reply_utf8,
        lists=tuple(sorted(int(one) for one in mailing.audience.get("lists", ()))),
        boundary=f"=_{hashlib.blake2b(seed, digest_size=12).hexdigest()}",
        is_transactional=mailing.is_transactional,
    )


def _parts(address: str) -> tuple[str, str]:
    local, _at, domain = mailbox(address)[0].rpartition("@")
    return local, domain


def _problems(content: Content) -> Iterator[str]:
    for check in (
        lambda: safe(content.sender_name, _("The sender's name")),
        lambda: mailbox(content.sender_address),
        lambda: content.reply_to and mailbox(content.reply_to),
        lambda: content.bounce_address and mailbox(content.bounce_address),
        lambda: safe(content.subject, _("The subject")),
    ):
        try:
            check()
        except CannotFill as error:
            yield str(error)
    for url in (content.mailing.public_url, content.mailing.tracking_url):
        if set(url) & set("<>\"'&\\ ") or not url.isascii():
            yield _("“%(url)s” cannot stand in a mail.") % {"url": url}


def _part_header(subtype: str) -> str:
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\nMIME-Version: 1.0\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
