"""Tokens live for years in other people's mailboxes: short, purpose-bound, and impossible to make up."""

import base64
import dataclasses
from hashlib import blake2b

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from common.tokens import TOKEN_LENGTH, BadToken, Purpose, Signer, decode, encode, message_bytes

IDS = st.integers(min_value=0, max_value=2**45)


@given(st.sampled_from(Purpose), st.integers(0, 2**31 - 1), IDS, st.integers(0, 5000))
def test_a_token_says_what_it_was_made_for(purpose: Purpose, mailing: int, message: int, link: int) -> None:
    token = decode(encode(purpose, mailing=mailing, message=message, link=link), purpose=purpose)

    assert dataclasses.astuple(token) == (purpose, mailing, message, link)


def test_tokens_stay_under_forty_characters() -> None:
    longest = encode(Purpose.CLICK, mailing=2**31 - 1, message=2**42, link=300)

    assert len(longest) <= 40
    assert len(encode(Purpose.UNSUBSCRIBE, mailing=12_345, message=987_654_321)) <= 30


def test_another_purpose_does_not_open() -> None:
    token = encode(Purpose.PREFERENCES, mailing=3, message=9)

    with pytest.raises(BadToken):
        decode(token, purpose=Purpose.UNSUBSCRIBE)


@given(st.text(max_size=80))
def test_noise_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        decode(text, purpose=Purpose.UNSUBSCRIBE)


@given(st.integers(0, 200), st.integers(1, 255))
def test_one_flipped_byte_is_refused(position: int, flip: int) -> None:
    good = encode(Purpose.CLICK, mailing=77, message=123_456, link=4)
    raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    raw[position % len(raw)] ^= flip

    with pytest.raises(BadToken):
        decode(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), purpose=Purpose.CLICK)


def test_a_token_of_the_first_version_still_opens() -> None:
    """Made by the code of November 2026: a digest of its own for each token."""
    number = settings.KEYS.link_number
    body = bytes((1 << 5 | number, Purpose.UNSUBSCRIBE, 3, 9, 0))
    mac = blake2b(body, key=settings.KEYS.link[number], digest_size=10).digest()

    token = decode(base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode(), purpose=Purpose.UNSUBSCRIBE)

    assert dataclasses.astuple(token) == (Purpose.UNSUBSCRIBE, 3, 9, 0)


def test_no_two_tokens_of_a_message_share_a_mac() -> None:
    pairs = [(purpose, 0) for purpose in Purpose] + [(Purpose.CLICK, link) for link in range(1, 400)]
    macs = {encode(purpose, mailing=3, message=9, link=link)[-13:] for purpose, link in pairs}

    assert len(macs) == len(pairs)


@given(st.sampled_from(Purpose), st.sampled_from(Purpose), st.integers(0, 40), st.integers(0, 40))
def test_a_token_turned_into_another_of_its_message_is_refused(had: Purpose, want: Purpose, link: int, to: int) -> None:
    good = encode(had, mailing=77, message=123, link=link)
    raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    raw[1], raw[4] = want, to
    if (had, link) != (want, to):
        with pytest.raises(BadToken):
            decode(base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), purpose=want)


def test_a_retired_key_still_verifies(settings) -> None:  # type: ignore[no-untyped-def]
    old = encode(Purpose.UNSUBSCRIBE, mailing=3, message=9)
    settings.KEYS = dataclasses.replace(settings.KEYS, link={**settings.KEYS.link, 2: b"a newer key of 16"})

    fresh = encode(Purpose.UNSUBSCRIBE, mailing=3, message=9)

    assert fresh != old
    assert decode(old, purpose=Purpose.UNSUBSCRIBE) == decode(fresh, purpose=Purpose.UNSUBSCRIBE)


@pytest.mark.parametrize("message", [0, 1, 127, 128, 70_000_001, 2**40])
def test_a_signer_gives_the_same_tokens(message: int) -> None:
    names = {"link": (Purpose.CLICK, 7), "far": (Purpose.CLICK, 300), "leave": (Purpose.UNSUBSCRIBE, 0)}
    signer = Signer(names, mailing=300)

    tokens = signer.sign(message_bytes(message))

    assert {name: tokens[name] for name in names} == {
        name: encode(purpose, mailing=300, message=message, link=link) for name, (purpose, link) in names.items()
    }
    assert max(len(tokens[name]) for name in names) <= TOKEN_LENGTH
    assert tokens.octets == tokens.text.encode()
