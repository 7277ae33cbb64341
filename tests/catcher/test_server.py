"""The server over a real socket: what it has answered 250 to is in the database."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.db import connection

from catcher.models import CaughtMessage
from catcher.server import serve


@pytest.fixture
def port(transactional_db: None, unused_port: int) -> Iterator[int]:
    """A catcher in a thread of its own, stopped as SIGTERM stops it."""
    started = threading.Event()
    handles: dict[str, object] = {}

    async def run() -> None:
        stop = asyncio.Event()
        handles.update(loop=asyncio.get_running_loop(), stop=stop)
        await serve(port=unused_port, stop=stop, ready=started.set)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert started.wait(5)
    yield unused_port
    handles["loop"].call_soon_threadsafe(handles["stop"].set)  # type: ignore[attr-defined]
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_message_is_kept_when_250_was_said(port: int) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Été", "a@x.example", "b@x.example"
    message.set_content(".\n..\nbonjour")

    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.send_message(message)
        caught = CaughtMessage.objects.get()

    assert (caught.subject, caught.mail_from, caught.rcpt_to) == ("Été", "a@x.example", "b@x.example")
    assert b"\r\n.\r\n..\r\nbonjour\r\n" in bytes(caught.source)
    assert caught.size == len(caught.source)


def test_each_recipient_has_a_row(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("", ["b@x.example", "c@x.example"], b"Subject: x\r\n\r\n")

    assert sorted(CaughtMessage.objects.values_list("rcpt_to", flat=True)) == ["b@x.example", "c@x.example"]


def test_several_connections_are_committed_without_loss(port: int) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for _ in range(50):
                smtp.sendmail("a@x.example", ["b@x.example"], b"Subject: x\r\n\r\nhello\r\n")

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert CaughtMessage.objects.count() == 200


def test_database_that_cannot_store_is_answered_with_a_temporary_refusal(port: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("alter table catcher_caughtmessage rename to caught_elsewhere")
    try:
        with smtplib.SMTP("127.0.0.1", port) as smtp, pytest.raises(smtplib.SMTPDataError) as refusal:
            smtp.sendmail("a@x.example", ["b@x.example"], b"Subject: x\r\n\r\nhello\r\n")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("alter table caught_elsewhere rename to catcher_caughtmessage")

    assert refusal.value.smtp_code == 451
