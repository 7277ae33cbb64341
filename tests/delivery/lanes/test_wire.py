"""Messages over a real socket, encrypted or not, cut anywhere: the verdicts agree with what the server took."""

import select
from pathlib import Path

import pytest

from delivery.lanes.pipelining.dialogue import Dialogue, Envelope, Fate, Verdict
from delivery.lanes.pipelining.session import Server, Session, Tls
from delivery.lanes.pipelining.wire import Wire
from delivery.octets import Octets, Shared
from tests.smtp import Manners, make_certificate, smtp_server


def transfer(wire: Wire, envelopes: list[Envelope]) -> dict[int, Fate]:
    """Drive one wire until every verdict of what it took is in."""
    todo, verdicts = list(envelopes), []  # type: ignore[var-annotated]
    taken = 0
    while wire.is_open and not wire.dialogue.is_held and (todo or taken > len(verdicts)):
        if todo and wire.room:
            batch, todo = todo[: wire.room], todo[wire.room :]
            taken += len(batch)
            wire.give(batch)
        readable, writable, _ = select.select([wire], [wire] if wire.wants_write else [], [], 5)
        assert readable or writable
        verdicts += wire.write() if writable else []
        verdicts += wire.read() if readable else []
    verdicts += wire.end() if wire.dialogue.is_held else []
    return {verdict.key: verdict.fate for verdict in _all(verdicts)}


def _all(verdicts: list[Verdict]) -> list[Verdict]:
    assert len({verdict.key for verdict in verdicts}) == len(verdicts)
    return verdicts


def envelopes(count: int, size: int = 9000) -> list[Envelope]:
    body = Octets(Shared([b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * (size // 18)]), [])
    return [Envelope(n, b"a@b.example", b"%d@c.example" % n, body) for n in range(count)]


OFFERS = ("PIPELINING", "CHUNKING", "8BITMIME", "SIZE 1000000")


@pytest.mark.parametrize("level", range(5))
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_every_level_delivers_each_message_once(
    level: int, is_encrypted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_certificate(tmp_path / "cert.pem", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    manners = Manners(offers=OFFERS, certificate=path, is_tls_at_once=is_encrypted)
    with smtp_server(manners) as server:
        session = Session(Server(host="localhost", port=server.port, tls=Tls.TLS if is_encrypted else Tls.NONE))
        found = transfer(Wire(session, Dialogue(features=session.features, level=level)), envelopes(40))

        assert set(found.values()) == {Fate.ACCEPTED}
        assert server.accepted == list(range(40))


@pytest.mark.parametrize("level", range(5))
@pytest.mark.parametrize("cuts_after", [1, 37, 250, 391, 702])
def test_a_cut_leaves_in_doubt_only_what_the_server_may_have_taken(level: int, cuts_after: int) -> None:
    moods = (["yes"] * 7 + ["no"]) * 20
    with smtp_server(Manners(offers=OFFERS, cuts_after=cuts_after), moods) as server:
        session = Session(Server(host="127.0.0.1", port=server.port))
        found = transfer(Wire(session, Dialogue(features=session.features, level=level)), envelopes(60))
        taken = set(server.accepted)

    assert {key for key, fate in found.items() if fate is Fate.ACCEPTED} <= taken
    assert taken <= {key for key, fate in found.items() if fate in (Fate.ACCEPTED, Fate.DOUBT)}
    assert len(found) < 60
