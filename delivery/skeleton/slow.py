"""The same message made the plain way, with the standard library: what the skeleton is held against, to the byte."""

from datetime import UTC, datetime
from email.charset import BASE64, QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message as Mail
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import format_datetime, quote
from io import BytesIO
from textwrap import wrap

from common import tokens
from delivery.models import Content, Message
from delivery.skeleton.doors import Doors, kind
from delivery.skeleton.frame import Frame, frame_of
from delivery.skeleton.headers import is_plain, mailbox, safe
from delivery.skeleton.state import nested
from delivery.skeleton.texts import texts_of, variables_of
from templates_app import liquid


class _AsGiven(Compat32):
    """Header fields are written as they are: they were folded when they were made."""

    def fold_binary(self, name: str, value: object) -> bytes:
        return f"{name}: {value}{self.linesep}".encode()


_POLICY = _AsGiven(linesep="\r\n", max_line_length=None)
_UTF8 = Charset("utf-8")
_UTF8.body_encoding, _UTF8.header_encoding = QP, BASE64


def render_slowly(content: Content, message: Message, *, at: datetime) -> bytes:
    """The whole message. Raises SourceErrors, CannotRender, CannotFill."""
    frame, mailing = frame_of(content), content.mailing
    numbers = tuple(content.links.order_by("number").values_list("number", flat=True))
    doors = Doors(mailing, kind(message.tracking), numbers)
    texts = texts_of(content, doors)
    urls = {door.name: door.url(mailing.pk, message.pk) for door in doors.all().values()}
    variables = {**variables_of(message, mailing), **nested(urls)}
    mail = Mail(_POLICY)
    mail["From"] = _from(content.sender_name, frame.sender)
    mail["To"] = mailbox(message.address)[0]
    mail["Subject"] = _subject(safe(liquid.render(texts.subject, variables, language=content.language), "Subject"))
    _add_identity(mail, frame, message, at)
    if frame.reply_to:
        mail["Reply-To"] = frame.reply_to
    for name, value in frame.list_headers(variables, urls["unsubscribe_url"]).items():
        mail[name] = value
    mail["X-Envol-ID"] = frame.opaque_id(message.pk)
    for name, value in frame.constant_headers().items():
        mail[name] = value
    mail["MIME-Version"] = "1.0"
    mail["Content-Type"] = f'multipart/alternative; boundary="{frame.boundary}"'
    for subtype, source, is_html in (("plain", texts.text, False), ("html", texts.html, True)):
        whole = liquid.render(source, variables, is_html=is_html, language=content.language)
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
        part = MIMENonMultipart("text", subtype, policy=_POLICY, charset="utf-8")
        part.set_payload(whole, _UTF8)
        mail.attach(part)
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=_POLICY).flatten(mail)
    return out.getvalue()


def _add_identity(mail: Mail, frame: Frame, message: Message, at: datetime) -> None:
    mail["Date"] = format_datetime(at.astimezone(UTC).replace(microsecond=0))
    token = tokens.encode(tokens.Purpose.MESSAGE, mailing=message.mailing_id, message=message.pk)
    mail["Message-ID"] = frame.message_id(token, message)


def _subject(text: str) -> str:
    if is_plain(text):
        lines = wrap(
            text,
            width=78,
            initial_indent="Subject: ",
            subsequent_indent=" ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\r\n".join(lines).removeprefix("Subject: ")
    return Header(text, _UTF8, maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def _from(name: str, address: str) -> str:
    name = " ".join(name.split())
    if not name:
        return address
    if not is_plain(name):
        shown = Header(name, _UTF8, maxlinelen=76, header_name="From").encode(linesep="\r\n")
    elif all(character.isalnum() or character in "!#$%&'*+-/=?^_`{|}~ " for character in name):
        shown = name
    else:
        shown = f'"{quote(name)}"'
    last_line = f"From: {shown}".rpartition("\r\n")[2].lstrip(" ")
    is_folded = len(last_line) + ("\r\n" in shown) + len(address) + 3 > 78
    gap = "\r\n " if is_folded else " "
    return f"{shown}{gap}<{address}>"
