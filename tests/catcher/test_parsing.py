"""Hostile mail is shown, never raised about."""

from email.message import EmailMessage

import pytest

from catcher.parsing import headers_of, letter_of, readable, summary, with_new_tabs


def test_summary_of_encoded_headers_is_decoded() -> None:
    source = b"Subject: =?utf-8?q?Le_lin_lav=C3=A9?=\r\nFrom: =?utf-8?b?SW7DqHM=?= <ines@x.example>\r\n\r\nhi\r\n"

    assert summary(source) == ("Le lin lavé", "Inès <ines@x.example>")


def test_summary_of_raw_utf8_headers_is_readable() -> None:
    assert summary("Subject: Été à Lyon\r\n\r\n".encode())[0] == "Été à Lyon"


def test_summary_of_two_subjects_is_the_first() -> None:
    assert summary(b"Subject: one\r\nSubject: two\r\n\r\n")[0] == "one"


def test_letter_has_both_parts_and_names_attachments() -> None:
    message = EmailMessage()
    message.set_content("Bonjour")
    message.add_alternative("<p>Bonjour</p>", subtype="html")
    message.add_attachment(b"1234", maintype="application", subtype="pdf", filename="facture é.pdf")

    letter = letter_of(message.as_bytes())

    assert letter.text.strip() == "Bonjour"
    assert letter.html.strip() == "<p>Bonjour</p>"
    assert [(a.name, a.kind, a.size) for a in letter.attachments] == [("facture é.pdf", "application/pdf", 4)]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"no header at all",
        b"Subject: =?nope?q?=ZZ?= \xff\xfe\r\n\r\n\x00\xff\r\n",
        b"Content-Type: text/html; charset=nope-1\r\n\r\n<b>hi</b>",
        b"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnever a boundary",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(3000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 3000,
        b"X: " + b"\xf0" * 200_000,
        b": \r\n" * 20_000,
    ],
)
def test_hostile_source_is_taken_apart_without_error_and_can_be_stored(source: bytes) -> None:
    letter = letter_of(source)
    subject, sender = summary(source)

    for text in (
        letter.text,
        letter.html,
        subject,
        sender,
        readable(source),
        *(v for pair in letter.headers for v in pair),
    ):
        text.encode("utf-8")  # no lone surrogate
        assert "\x00" not in text


def test_headers_keep_order_and_repetition() -> None:
    assert headers_of(b"Received: a\r\nReceived: b\r\nSubject: c\r\n\r\n") == [
        ("Received", "a"),
        ("Received", "b"),
        ("Subject", "c"),
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<!doctype html><html><head lang=fr><title>",
            '<!doctype html><html><head lang=fr><base target="_blank"><title>',
        ),
        ("<!doctype html><p>", '<!doctype html><base target="_blank"><p>'),
        ("<header><p>", '<base target="_blank"><header><p>'),
    ],
)
def test_links_open_in_a_new_tab_and_the_doctype_stays_first(html: str, expected: str) -> None:
    assert with_new_tabs(html) == expected
