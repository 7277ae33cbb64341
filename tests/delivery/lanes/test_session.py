"""Opening a connection: every way a server can say no is told apart, in the server's words."""

from pathlib import Path

import pytest

from delivery.lanes.pipelining.session import NoSession, Server, Session, Tls, Trouble
from tests.smtp import Manners, make_certificate, smtp_server


def opened(port: int, **more: object) -> Session:
    return Session(Server(host="localhost", port=port, connect_timeout=5, reply_timeout=5, **more))  # type: ignore[arg-type]


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = make_certificate(tmp_path / "cert.pem", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))  # OpenSSL's own way to trust it
    return path


def test_the_features_of_the_ehlo_are_read() -> None:
    with smtp_server(Manners(offers=("PIPELINING", "SIZE 52428800", "AUTH PLAIN LOGIN", "smtputf8"))) as server:
        features = opened(server.port).features

    assert (features.has_pipelining, features.has_chunking, features.has_smtputf8) == (True, False, True)
    assert features.size_limit == 52_428_800
    assert features.auth == {"PLAIN", "LOGIN"}


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
def test_login(method: str) -> None:
    with smtp_server(Manners(offers=(f"AUTH {method}",), password="hélas")) as server:
        opened(server.port, username="inès", password="hélas")

        with pytest.raises(NoSession, match="wrong password") as refused:
            opened(server.port, username="inès", password="nope")

    assert refused.value.trouble is Trouble.LOGIN


def test_nobody_listening_is_unreachable() -> None:
    with smtp_server() as server:
        port = server.port
    with pytest.raises(NoSession) as refused:
        opened(port)

    assert refused.value.trouble is Trouble.UNREACHABLE


def test_a_greeting_that_says_no_is_told_in_its_words() -> None:
    with (
        smtp_server(Manners(greeting=b"554 5.7.1 your address is listed\r\n")) as server,
        pytest.raises(NoSession, match="your address is listed") as refused,
    ):
        opened(server.port)

    assert refused.value.trouble is Trouble.GREETING


def test_something_that_is_not_smtp_is_said() -> None:
    with smtp_server(Manners(greeting=b"HTTP/1.1 400 Bad Request\r\n")) as server, pytest.raises(NoSession) as refused:
        opened(server.port)

    assert refused.value.trouble is Trouble.PROTOCOL


def test_starttls_and_tls_with_a_certificate_that_is_trusted(certificate: Path) -> None:
    with smtp_server(Manners(offers=("STARTTLS", "PIPELINING"), certificate=certificate)) as server:
        assert opened(server.port, tls=Tls.STARTTLS).features.has_pipelining
    with smtp_server(Manners(certificate=certificate, is_tls_at_once=True)) as server:
        assert opened(server.port, tls=Tls.TLS).features.has_pipelining


def test_a_certificate_for_another_name_is_refused_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_certificate(tmp_path / "other.pem", "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with smtp_server(Manners(offers=("STARTTLS",), certificate=path)) as server:
        with pytest.raises(NoSession, match="certificate") as refused:
            opened(server.port, tls=Tls.STARTTLS)
        assert opened(server.port, tls=Tls.STARTTLS, is_verified=False).sock

    assert refused.value.trouble is Trouble.TLS


def test_starttls_asked_for_and_not_offered_goes_no_further() -> None:
    with smtp_server(Manners(offers=("AUTH PLAIN",), password="x")) as server:
        with pytest.raises(NoSession) as refused:
            opened(server.port, tls=Tls.STARTTLS, username="ines", password="x")
        assert not any(line.startswith(b"AUTH") for line in server.said)

    assert refused.value.trouble is Trouble.TLS


@pytest.mark.parametrize(("eats", "proven"), [(True, True), (False, False)])
def test_chunking_is_believed_only_of_a_server_that_eats_a_refused_chunk(eats: bool, proven: bool) -> None:
    with smtp_server(Manners(offers=("PIPELINING", "CHUNKING"), eats_chunks=eats)) as server:
        assert opened(server.port).has_proven_chunking() is proven
