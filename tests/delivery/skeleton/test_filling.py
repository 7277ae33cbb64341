"""What stands in a message, and what is refused."""

import email
import re

import pytest

from common.tokens import Purpose, decode
from delivery.skeleton import CannotFill, ContentRefused, compile_content, skeleton_for
from delivery.skeleton.headers import mailbox, safe
from delivery.skeleton.slow import render_slowly
from tests.delivery.skeleton.contents import AGGREGATE, AT, FULL, HYGIENE_FULL, NONE, make_content, make_message

pytestmark = pytest.mark.django_db


def test_every_header_of_a_bulk_message() -> None:
    content = make_content(subject="Bonjour {{ contact.first_name }}", reply_to="contact@verdier.example")
    filled = compile_content(content).fill(make_message(content), at=AT)

    mail = email.message_from_bytes(filled.source)
    mailing = content.mailing_id
    assert filled.mail_from == "bonjour@verdier.example"
    assert filled.rcpt_to == mail["To"] == "camille@exemple.example"
    assert mail["From"] == "Maison Verdier <bonjour@verdier.example>"
    assert mail["Subject"] == "Bonjour Camille"
    assert mail["Date"] == "Tue, 24 Nov 2026 18:00:00 +0000"
    assert mail["Reply-To"] == "contact@verdier.example"
    assert mail["List-ID"] == "<list-7.verdier.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Feedback-ID"] == f"{mailing}:marketing:campaign:verdier-example"
    assert mail["Precedence"] == "bulk"
    assert mail["X-Envol-ID"] == f"{mailing}.70000001"
    token, _at, domain = mail["Message-ID"].strip("<>").partition("@")
    assert (domain, decode(token, purpose=Purpose.MESSAGE).message) == ("verdier.example", 70_000_001)
    (url,) = re.findall(r"<(.*?)>", mail["List-Unsubscribe"])
    assert url.startswith("https://mail.verdier.example/u/")
    assert decode(url.rpartition("/")[2], purpose=Purpose.UNSUBSCRIBE).mailing == mailing
    assert all(len(mail.get_all(name)) == 1 for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"))


@pytest.mark.parametrize(
    ("tracking", "message"), [(FULL, 70_000_001), (HYGIENE_FULL, 70_000_001), (AGGREGATE, 0), (NONE, None)]
)
def test_the_pixel_follows_the_tracking_mode(tracking: int, message: int | None) -> None:
    content = make_content("<body><p>x</p></body>")
    html = compile_content(content).fill_parts(make_message(content, tracking=tracking)).html

    found = re.search(r"https://t\.verdier\.example/o/([\w-]+)\.gif", html)
    assert (found and decode(found[1], purpose=Purpose.OPEN).message) == message
    assert html.rstrip().endswith("</body>")


def test_the_preheader_is_hidden_on_top_and_replaces_the_templates_own() -> None:
    own = '<div style="display:none;font-size:1px">old {{ contact.city }}</div>'
    content = make_content(f"<body>{own}<p>x</p></body>", preheader="Draps & {{ contact.first_name }}")
    parts = compile_content(content).fill_parts(make_message(content, contact={"first_name": "<i>"}))

    assert "Draps &amp; &lt;i&gt;" in parts.html
    assert "old" not in parts.html
    assert "Draps" not in parts.text


@pytest.mark.parametrize(("language", "month"), [("fr", "février"), ("en", "February")])
def test_dates_are_in_the_language_of_the_content(language: str, month: str) -> None:
    content = make_content("<p>{{ contact.since | date: '%B' }} {{ '2026-02-01' | date: '%B' }}</p>", language=language)
    message = make_message(content, contact={"since": "2025-02-03"})

    skeleton = compile_content(content)

    assert f"{month} {month}<" in skeleton.fill_parts(message).html
    assert skeleton.fill(message, at=AT).source == render_slowly(content, message, at=AT)


def test_parts_for_providers_carry_the_same() -> None:
    content = make_content(
        '<p>{{ contact.first_name }} <a href="https://a.example">ici</a></p>',
        subject="{{ contact.first_name }}",
        sender_name="Élise",
    )
    parts = compile_content(content).fill_parts(make_message(content))

    assert parts.subject == "Camille"
    assert re.fullmatch(r"Camille ici \(https://t\.verdier\.example/c/[\w-]+\)\n", parts.text)
    assert parts.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parts.headers["List-Unsubscribe"].startswith("<https://mail.verdier.example/u/")
    assert parts.opaque_id == f"{content.mailing_id}.70000001"
    assert parts.sender == "=?utf-8?b?w4lsaXNl?= <bonjour@verdier.example>"


def test_copies_of_a_test_have_ids_of_their_own() -> None:
    content = make_content()
    skeleton = compile_content(content)
    ids = {
        email.message_from_bytes(skeleton.fill(make_message(content, pk=0, address=address)).source)["Message-ID"]
        for address in ("a@b.example", "c@d.example")
    }

    assert len(ids) == 2


def test_names_say_what_the_snapshot_must_keep() -> None:
    content = make_content(
        "{{ contact.city }} {{ contact.email }} {{ organisation.name }} {{ unsubscribe_url }}",
        subject="{{ contact.first_name }}",
        preheader="{{ list.name }}",
    )

    assert compile_content(content).names == {"contact.city", "contact.first_name", "list.name", "list.id"}


def test_long_names_and_subjects_are_encoded_words_of_whole_characters() -> None:
    content = make_content(subject="👩‍👩‍👧‍👦 Été " * 20, sender_name="Maison Verdier, linge de maison à Lyon — Élise")
    source = compile_content(content).fill(make_message(content), at=AT).source

    words = re.findall(rb"=\?utf-8\?b\?[^?]*\?=", source)
    assert len(words) > 5
    assert max(map(len, words)) <= 75
    for word in words:
        email.header.decode_header(word.decode())[0][0].decode()


@pytest.mark.parametrize("break_", ["\r\nBcc: x@x.example", "\n", "\x0b", "\x85", "\u2028", "\x1b"])
def test_a_header_cannot_be_broken_out_of(break_: str) -> None:
    with pytest.raises(ContentRefused):
        compile_content(make_content(sender_name=f"Verdier{break_}"))
    with pytest.raises(ContentRefused):
        compile_content(make_content(sender_address=f"a{break_}@verdier.example"))
    with pytest.raises(ContentRefused):
        compile_content(make_content(reply_to=f"a@verdier.example{break_}"))
    content = make_content(subject="{{ contact.first_name }}")
    skeleton = compile_content(content)
    with pytest.raises(CannotFill):
        skeleton.fill(make_message(content, contact={"first_name": f"Zoé{break_}"}))
    with pytest.raises(CannotFill):
        skeleton.fill(make_message(content, address=f"a{break_}@b.example"))


def test_nul_is_refused_too() -> None:
    with pytest.raises(CannotFill):
        safe("a\0b", "Subject")
    with pytest.raises(CannotFill):
        mailbox("a\0@b.example")


def test_addresses_of_the_whole_world() -> None:
    content = make_content()
    skeleton = compile_content(content)

    german = skeleton.fill(make_message(content, address="info@bücher.example"))
    greek = skeleton.fill(make_message(content, address="δοκιμή@παράδειγμα.example"))

    assert (german.rcpt_to, german.needs_smtputf8) == ("info@xn--bcher-kva.example", False)
    assert greek.needs_smtputf8
    assert greek.rcpt_to.startswith("δοκιμή@xn--")


def test_what_liquid_cannot_read_is_refused_when_compiling() -> None:
    for changes in (
        {"subject": "{{ x"},
        {"preheader": "{% if %}"},
        {"html": "{{ a | nope }}"},
        {"text": "{% endif %}"},
    ):
        with pytest.raises(ContentRefused):
            compile_content(make_content(**changes))


def test_one_person_who_cannot_be_written_to_harms_nobody_else() -> None:
    content = make_content("{{ contact.count | divided_by: contact.zero }}")
    skeleton = compile_content(content)

    with pytest.raises(CannotFill):
        skeleton.fill(make_message(content, contact={"count": 3, "zero": 0}))
    assert b"Content-Type" in skeleton.fill(make_message(content, contact={"count": 3, "zero": 1})).source


def test_an_erased_person_leaves_a_message_without_values() -> None:
    content = make_content("<p>Bonjour {{ contact.first_name | default: 'à vous' }}</p>")

    assert "Bonjour à vous" in compile_content(content).fill_parts(make_message(content, vars={})).text


def test_a_process_compiles_a_content_once(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    content = make_content()

    assert skeleton_for(content.pk) is skeleton_for(content.pk)
    with django_assert_num_queries(0):
        skeleton_for(content.pk).fill(make_message(content))
