"""A thousand random messages as a mailbox would read them: the standard library's parser finds nothing to mend."""

import email
import email.policy
import random
import re
from email.message import EmailMessage

import pytest

from delivery.skeleton import compile_content
from tests.delivery.skeleton.contents import AT, make_content, make_message

pytestmark = pytest.mark.django_db

MAILINGS, PEOPLE = 40, 25
LETTERS = ["lin", "à", "l’été", "Noël", "𝔏𝔦𝔫", "👩‍👩‍👧‍👦", "日本語", "שלום", "…" * 40, "x" * 120]
WORDS = [*LETTERS, "=3D", ".", "..", "-" * 90, "a\tb", "&", "<b>"]
ONCE = (
    *("From", "To", "Subject", "Date", "Message-ID", "List-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("Feedback-ID", "Precedence", "X-Envol-ID", "MIME-Version", "Content-Type"),
)


def words(chance: random.Random, most: int, *, one_line: bool = False) -> str:
    found = [chance.choice(WORDS) for _ in range(chance.randint(1, most))]
    if one_line:
        return " ".join(found).replace("\t", " ")
    return "".join(word + chance.choice([" ", " ", "  ", "\n", "\r\n.", ""]) for word in found)


def page(chance: random.Random) -> str:
    """HTML with names, links and long lines anywhere."""
    parts = ["<body>"]
    for number in range(chance.randint(1, 8)):
        text = words(chance, 30).replace("<b>", "&lt;b&gt;")
        parts.append(f"<p>{text}{{{{ contact.first_name }}}}</p>")
        parts.append(f'<a href="https://shop.example/{number}?a=1&amp;b=é">{text}</a>{{{{ contact.city | upcase }}}}')
    return "".join(parts) + '<a href="{{ unsubscribe_url }}">partir</a></body>'


@pytest.mark.parametrize("seed", range(MAILINGS))
def test_a_parser_that_knows_nothing_of_us_finds_every_message_valid(seed: int) -> None:
    chance = random.Random(seed)
    content = make_content(
        page(chance),
        subject=f"{{{{ contact.first_name }}}} {words(chance, 12, one_line=True)}",
        preheader=words(chance, 6, one_line=True).replace("<b>", ""),
        sender_name=words(chance, 6, one_line=True)[:100],
        reply_to=chance.choice(["", "contact@verdier.example"]),
    )
    skeleton, ids = compile_content(content), set()
    for number in range(PEOPLE):
        contact = {"first_name": words(chance, 3, one_line=True), "city": words(chance, 20)}
        row = make_message(content, pk=seed * 1000 + number + 1, contact=contact, tracking=chance.choice([0, 5, 15]))
        source = skeleton.fill(row, at=AT).source
        ids.add(valid(source)["Message-ID"])
    assert len(ids) == PEOPLE


def valid(source: bytes) -> EmailMessage:
    rest = source.replace(b"\r\n", b"")
    assert source.endswith(b"\r\n")
    assert b"\r" not in rest
    assert b"\n" not in rest
    head, _blank, body = source.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 78  # quoted lines end at 76
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", head))
    mail = email.message_from_bytes(source, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    for name in ONCE:
        (value,) = mail.get_all(name, [])
        assert not value.defects, (name, value)
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (plain, html):
        assert not part.defects
        assert part.get_content().strip()
    assert str(mail["Feedback-ID"]).count(":") == 3
    return mail
