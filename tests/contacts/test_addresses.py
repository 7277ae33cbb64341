import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.addresses import BrokenAddress, address_key, fingerprint, sort_key

# what broke an import somewhere once
BROKEN = (
    "",
    "no-at-sign.example.com",
    "two@@example.com",
    "@example.com",
    "space in@example.com",
    "trailing@example.",
    "a@b",
    "nul\0@example.com",
    "x@exa mple.com",
    "x@-example.com",
    ".dot@example.com",
    "a\r\nBcc: b@example.com",
    f"{'a' * 65}@example.com",
    f"a@{'b' * 64}.example.com",
    "x@exämple..com",
)


@pytest.mark.parametrize("address", BROKEN)
def test_broken_addresses_are_refused(address: str) -> None:
    with pytest.raises(BrokenAddress):
        address_key(address)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (" Camille.Roux@Courriel.EXAMPLE\t", "camille.roux@courriel.example"),
        ("PERSON@SOCIÉTÉ-3.EXAMPLE", "person@xn--socit-3-eyab.example"),
        ("person@xn--socit-3-eyab.example", "person@xn--socit-3-eyab.example"),
        ("é@exemple.example", "é@exemple.example"),
        ("E\u0301@exemple.example", "é@exemple.example"),
        ("o'neil+news@exemple.example", "o'neil+news@exemple.example"),
    ],
)
def test_address_key_is_one_for_all_spellings(address: str, key: str) -> None:
    assert address_key(address) == key


_LOCAL = st.from_regex(r"[a-zA-Z0-9_+-]{1,20}(\.[a-zA-Z0-9_+-]{1,20}){0,2}", fullmatch=True)
_DOMAIN = st.from_regex(r"[a-zA-Zéèüßøł0-9]{1,20}(-[a-zA-Z0-9é]{1,10})?\.(example|com|fr)", fullmatch=True)


@given(_LOCAL, _DOMAIN, st.sampled_from(["", " ", "\t", "\u00a0"]))
def test_address_key_is_stable_whatever_case_and_space(local: str, domain: str, space: str) -> None:
    key = address_key(f"{local}@{domain}")

    assert address_key(key) == key
    assert address_key(f"{space}{local.upper()}@{domain}{space}") == key
    assert key == key.lower()
    assert key.rpartition("@")[2].isascii()


@given(st.text(max_size=60))
def test_address_key_answers_or_refuses_and_nothing_else(text: str) -> None:
    try:
        key = address_key(text)
    except BrokenAddress:
        return
    assert "@" in key
    assert not set("\r\n\0 ") & set(key)


@given(st.text(max_size=30), st.text(max_size=30))
def test_sort_key_is_folded_and_bounded(first: str, last: str) -> None:
    assert len(sort_key(first, last, "a@b.example")) <= 200


def test_sort_key_orders_by_last_name_without_accents() -> None:
    assert sort_key("Zoé", "Lefèvre", "") == "lefevre zoe"
    assert sort_key("", "", "lea@courriel.example") == "lea@courriel.example"


def test_fingerprint_is_keyed_and_stable() -> None:
    assert fingerprint("a@b.example") == fingerprint("a@b.example") != fingerprint("a@c.example")
    assert len(fingerprint("a@b.example")) == 32
