"""The transfer dialogue: what may stand in one write, and what is certain at every octet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.lanes.pipelining.dialogue import Dialogue, Envelope, Fate, Features, Step
from delivery.octets import Octets, Shared
from tests.smtp import Mailbox

ALL = Features(has_pipelining=True, has_chunking=True, has_8bitmime=True, has_size=True)


def envelope(key: int, sender: bytes, recipient: bytes, source: bytes) -> Envelope:
    return Envelope(key, sender, recipient, Octets(Shared([source]), []))


CAMILLE = envelope(1, b"news@verdier.example", b"camille@poste.example", b"Subject: un\r\n\r\n.dot\r\n")
LEA = envelope(2, b"news@verdier.example", b"lea@poste.example", b"Subject: deux\r\n\r\nbody\r\n")


def dialogue(level: int, **more: int) -> Dialogue:
    return Dialogue(features=ALL, level=level, **more)


def flush(talk: Dialogue) -> bytes:
    octets = talk.outgoing()
    talk.sent(len(octets))
    return octets


def fates(verdicts: list) -> dict[int, Fate]:  # type: ignore[type-arg]
    return {verdict.key: verdict.fate for verdict in verdicts}


def test_level_0_waits_for_each_reply() -> None:
    talk = dialogue(0)
    talk.take([CAMILLE])
    said = [flush(talk)]
    for reply in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
        talk.received(reply)
        said.append(flush(talk))

    assert [line.split()[0] for line in said] == [b"MAIL", b"RCPT", b"DATA", b"Subject:"]
    assert fates(talk.received(b"250 queued\r\n")) == {1: Fate.ACCEPTED}


def test_level_1_writes_the_envelope_together_and_waits_with_the_body() -> None:
    talk = dialogue(1)
    talk.take([CAMILLE])

    assert flush(talk) == (b"MAIL FROM:<news@verdier.example> SIZE=21\r\nRCPT TO:<camille@poste.example>\r\nDATA\r\n")
    talk.received(b"250 ok\r\n250 ok\r\n354 go\r\n")
    assert flush(talk) == b"Subject: un\r\n\r\n..dot\r\n.\r\n"
    assert not talk.room


def test_level_2_writes_the_body_and_the_next_envelope_together() -> None:
    talk = dialogue(2)
    talk.take([CAMILLE, LEA])
    flush(talk)
    talk.received(b"250 ok\r\n250 ok\r\n354 go\r\n")

    written = flush(talk)

    assert written.startswith(b"Subject: un")
    assert written.endswith(
        b"\r\n.\r\nMAIL FROM:<news@verdier.example> SIZE=23\r\nRCPT TO:<lea@poste.example>\r\nDATA\r\n"
    )


def test_level_4_has_whole_messages_in_flight_with_a_reset_between() -> None:
    talk = dialogue(4, in_flight=3)
    talk.take([CAMILLE, LEA])

    written = flush(talk)

    assert written.count(b"BDAT") == 2
    assert written.count(b"RSET") == 1
    assert b".dot" in written and b"..dot" not in written
    assert talk.room


# ── the table of replies to MAIL, RCPT, DATA (levels 1 and 2) ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("replies", "fate", "step"),
    [
        (b"250 ok\r\n550 5.1.1 no such user\r\n503 5.5.1 no recipient\r\n", Fate.REFUSED, Step.RCPT),
        (b"250 ok\r\n550 5.1.1 no such user\r\n554 5.5.1 no valid recipients\r\n", Fate.REFUSED, Step.RCPT),
        (b"250 ok\r\n451 4.3.0 later\r\n554 5.5.1 no valid recipients\r\n", Fate.DEFERRED, Step.RCPT),
        (b"552 5.3.4 too large\r\n503 5.5.1 need MAIL\r\n503 5.5.1 need RCPT\r\n", Fate.REFUSED, Step.MAIL),
    ],
)
def test_a_refused_envelope_is_judged_by_its_first_no_and_reset_before_the_next(
    replies: bytes, fate: Fate, step: Step
) -> None:
    talk = dialogue(2)
    talk.take([CAMILLE, LEA])
    flush(talk)

    (verdict,) = talk.received(replies)

    assert (verdict.key, verdict.fate, verdict.step) == (1, fate, step)
    assert flush(talk).startswith(b"RSET\r\nMAIL")


@pytest.mark.parametrize(("code", "fate"), [(b"450 4.7.1 slow down", Fate.DEFERRED), (b"550 5.7.1 no", Fate.REFUSED)])
def test_after_a_refused_sender_nothing_more_is_begun_and_what_waits_can_be_withdrawn(code: bytes, fate: Fate) -> None:
    talk = dialogue(2)
    talk.take([CAMILLE, LEA])
    flush(talk)

    verdicts = talk.received(code + b"\r\n503 5.5.1 need MAIL\r\n503 5.5.1 need RCPT\r\n")

    assert fates(verdicts) == {1: fate}
    assert (flush(talk), talk.room) == (b"", 0)
    assert fates(talk.withdraw()) == {2: Fate.NOT_BEGUN}
    assert talk.is_idle


def test_a_354_that_nobody_explains_is_ended_by_the_dot_alone() -> None:
    talk = dialogue(2)
    talk.take([CAMILLE, LEA])
    flush(talk)

    verdicts = talk.received(b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n")

    assert fates(verdicts) == {1: Fate.REFUSED}
    assert flush(talk) == b".\r\n"
    assert talk.received(b"554 5.5.1 no recipients\r\n") == []
    assert flush(talk).startswith(b"RSET\r\nMAIL")


def test_a_recipient_taken_after_a_refused_sender_closes_without_an_octet_of_the_body() -> None:
    talk = dialogue(2)
    talk.take([CAMILLE])
    flush(talk)

    verdicts = talk.received(b"503 5.5.1 nested MAIL\r\n250 ok\r\n354 go\r\n")

    assert fates(verdicts) == {1: Fate.NOT_BEGUN}
    assert talk.must_close
    assert talk.surprise
    assert flush(talk) == b""


def test_bdat_decides_alone_even_after_a_refused_sender() -> None:
    talk = dialogue(3)
    talk.take([CAMILLE])
    flush(talk)

    assert fates(talk.received(b"503 5.5.1 nested\r\n250 ok\r\n250 2.0.0 queued\r\n")) == {1: Fate.ACCEPTED}


def test_a_refused_message_leaves_those_after_it_untouched() -> None:
    talk = dialogue(4)
    talk.take([CAMILLE, LEA])
    flush(talk)

    verdicts = talk.received(
        b"250 ok\r\n550 5.1.1 no\r\n503 5.5.1 no rcpt\r\n250 reset\r\n250 ok\r\n250 ok\r\n250 queued\r\n"
    )

    assert fates(verdicts) == {1: Fate.REFUSED, 2: Fate.ACCEPTED}


# ── what is certain when the connection ends ─────────────────────────────────────────────────────────────────────


def test_an_end_before_the_last_octet_leaves_no_doubt() -> None:
    talk = dialogue(3)
    talk.take([CAMILLE])
    written = talk.outgoing()
    talk.sent(len(written) - 1)

    assert fates(talk.closed()) == {1: Fate.NOT_BEGUN}


def test_an_end_after_the_last_octet_is_doubt() -> None:
    talk = dialogue(3)
    talk.take([CAMILLE])
    flush(talk)
    talk.received(b"250 ok\r\n250 ok\r\n250 2.0.0 que")  # half a reply is none

    assert fates(talk.closed()) == {1: Fate.DOUBT}


def test_after_a_421_nothing_in_flight_is_in_doubt() -> None:
    talk = dialogue(4)
    talk.take([CAMILLE, LEA])
    flush(talk)
    verdicts = talk.received(b"250 ok\r\n250 ok\r\n250 queued\r\n421 4.7.0 too many messages\r\n250 odd\r\n")

    assert fates(verdicts) == {1: Fate.ACCEPTED}
    assert not talk.room
    assert fates(talk.closed()) == {2: Fate.NOT_BEGUN}


def test_a_reply_too_many_lowers_the_level_and_closes() -> None:
    talk = dialogue(2)
    talk.received(b"250 who asked\r\n")

    assert talk.must_close
    assert "too many" in talk.surprise


# ── a server with moods, cut at a random octet ───────────────────────────────────────────────────────────────────


MOODS = st.lists(st.sampled_from(["yes"] * 6 + ["later", "no", "421"]), max_size=60)


@settings(max_examples=400, deadline=None)
@given(
    level=st.integers(0, 4),
    moods=MOODS,
    up=st.integers(0, 4000),
    down=st.integers(0, 4000),
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=12),
)
def test_no_certain_verdict_is_ever_wrong(level: int, moods: list[str], up: int, down: int, sizes: list[int]) -> None:
    """The wire takes `up` octets and brings `down` octets, then it is cut; both limits fall anywhere."""
    talk, server = dialogue(level, in_flight=4), Mailbox(list(moods))
    todo = [
        envelope(n, b"a@b.example", b"%d@c.example" % n, b"x" * size + b"\r\n.y\r\n") for n, size in enumerate(sizes)
    ]
    verdicts, taken = [], 0
    while True:
        while todo and talk.room:
            talk.take([todo.pop(0)])
            taken += 1
        octets = talk.outgoing()[:up]
        up -= len(octets)
        talk.sent(len(octets))
        answer = server.eat(octets)[:down]
        down -= len(answer)
        if not answer:
            break
        verdicts += talk.received(answer)
        if talk.is_held:
            verdicts += talk.withdraw()
            todo = []
    verdicts += talk.closed()

    found = fates(verdicts)
    accepted = set(server.accepted)
    assert len(server.accepted) == len(accepted)
    assert len(verdicts) == len(found) == taken
    assert {key for key, fate in found.items() if fate is Fate.ACCEPTED} <= accepted
    assert accepted <= {key for key, fate in found.items() if fate in (Fate.ACCEPTED, Fate.DOUBT)}
