"""DKIM, SPF and DMARC as a real name server says them."""

import base64
from collections.abc import Iterator
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from pytest_django import Settings

from contacts import name_servers
from deliverability.records.asking import Dns, Found, Silent
from deliverability.records.dkim import KeyState, _read, key_at
from deliverability.records.dmarc import lineage, organisation_of, policy_of
from deliverability.records.spf import SpfState, spf_of
from tests.name_server import NameServer, name_server

NAME = "s1._domainkey.verdier.fr"


@cache
def public_key(bits: int = 2048) -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    with name_server() as running:
        settings.NAMESERVERS = [f"127.0.0.1:{running.port}"]
        settings.DNS_SECONDS = 0.4
        yield running


def asking() -> Dns:
    return Dns(name_servers.resolver())


def txt(*values: str) -> dict[str, list[str]]:
    return {"TXT": list(values)}


@pytest.mark.parametrize(
    ("records", "state", "bits"),
    [
        (["v=DKIM1; k=rsa; p={key}"], KeyState.GOOD, 2048),
        (["k=rsa;p={key}"], KeyState.GOOD, 2048),
        (["p={key}; s=email:*; h=sha1:sha256"], KeyState.GOOD, 2048),
        (["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="], KeyState.GOOD, 256),
        (["v=DKIM1; p="], KeyState.REVOKED, 0),
        (["v=DKIM1; p=bm90IGEga2V5"], KeyState.BROKEN, 0),
        (["v=DKIM1; s=tlsa; p={key}"], KeyState.BROKEN, 0),
        (["v=DKIM1; h=sha1; p={key}"], KeyState.BROKEN, 0),
        (["a sentence"], KeyState.BROKEN, 0),
        (["p={key}", "v=DKIM1; p="], KeyState.SEVERAL, 0),
    ],
)
def test_a_key_is_read_as_who_verifies_reads_it(
    server: NameServer, records: list[str], state: KeyState, bits: int
) -> None:
    server.zone[NAME] = txt(*(record.replace("{key}", public_key()) for record in records))

    found = key_at(NAME, dns=asking())

    assert (found.state, found.bits) == (state, bits)


def test_a_key_is_found_behind_its_cnames_and_one_that_leads_nowhere_is_said_so(server: NameServer) -> None:
    server.zone[NAME] = {"CNAME": ["s1.domainkey.u1.sendgrid.net."]}
    assert key_at(NAME, dns=asking()).state == KeyState.DANGLING

    server.zone["s1.domainkey.u1.sendgrid.net"] = txt(f"p={public_key()}")
    found = key_at(NAME, dns=asking())

    assert (found.state, found.chain) == (KeyState.GOOD, ("s1.domainkey.u1.sendgrid.net",))
    assert key_at("s2._domainkey.verdier.fr", dns=asking()).state == KeyState.MISSING


def test_a_server_that_fails_or_is_silent_says_nothing_at_all(server: NameServer) -> None:
    server.broken = {NAME}
    server.zone["s2._domainkey.verdier.fr"] = None

    for name in (NAME, "s2._domainkey.verdier.fr"):
        with pytest.raises(Silent):
            key_at(name, dns=asking())


@settings_of(max_examples=30, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=120),
    tags=st.sampled_from(["", "p=", "v=DKIM1;p=", "k=ed25519;p="]),
)
def test_no_text_a_stranger_publishes_breaks_the_reading(text: str, tags: str) -> None:
    class Zone(Dns):
        def __init__(self) -> None:
            self._known = {}

        def _asked(self, name: str, kind: str) -> Found:
            return Found((tags + text, f"v=spf1 {text}", f"v=DMARC1;{text}"))

    assert key_at(NAME, dns=Zone()).state == KeyState.SEVERAL
    assert _read(tags + text)[1] < 100_000
    assert policy_of("verdier.fr", dns=Zone()).organisation == "verdier.fr"
    spf_of("verdier.fr", via=PROVIDER, dns=Zone())


PROVIDER = "spf.relay.example"


@pytest.mark.parametrize(
    ("record", "via", "state"),
    [
        (f"v=spf1 include:{PROVIDER} -all", PROVIDER, SpfState.COVERED),
        ("v=spf1 include:inner.example ~all", PROVIDER, SpfState.COVERED),
        (f"v=spf1 redirect={PROVIDER}", PROVIDER, SpfState.COVERED),
        (f"v=spf1 ?include:{PROVIDER} -all", PROVIDER, SpfState.NOT_COVERED),
        (f"v=spf1 -all include:{PROVIDER}", PROVIDER, SpfState.NOT_COVERED),
        ("v=spf1 mx a ~all", PROVIDER, SpfState.NOT_COVERED),
        (f"v=spf1 {'a:x.example ' * 10}include:{PROVIDER} -all", PROVIDER, SpfState.TOO_MANY),
        (f"v=spf1 include:gone.example include:{PROVIDER} -all", PROVIDER, SpfState.BROKEN),
        (f"v=spf1 incl:{PROVIDER} -all", PROVIDER, SpfState.BROKEN),
        ("v=spf1 include:loop.example -all", PROVIDER, SpfState.TOO_MANY),
        ("v=spf1 exp=why.example ip4:203.0.113.0/28 -all", "203.0.113.7", SpfState.COVERED),
        ("v=spf1 ip4:203.0.113.7 -all", "203.0.113.8", SpfState.NOT_COVERED),
        ("v=spf1 a:mail.verdier.fr/28 -all", "203.0.113.7", SpfState.COVERED),
        ("v=spf1 mx -all", "203.0.113.1", SpfState.COVERED),
        ("v=spf1 mx//64 -all", "2001:db8::9", SpfState.COVERED),
        (f"v=spf1 include:{PROVIDER} -all", "198.51.100.9", SpfState.COVERED),
        ("v=spf1 ip6:2001:db8::/32 ip4:203.0.113.0/99 -all", "203.0.113.7", SpfState.BROKEN),
        ("v=spf1 a:n1.example a:n2.example a:n3.example ip4:203.0.113.7 -all", "203.0.113.7", SpfState.TOO_MANY),
    ],
)
def test_spf_is_read_as_a_mailbox_provider_reads_it(server: NameServer, record: str, via: str, state: SpfState) -> None:
    server.zone = {
        "verdier.fr": txt("google-site-verification=1", record) | {"MX": ["10 mail.verdier.fr."]},
        "mail.verdier.fr": {"A": ["203.0.113.1"], "AAAA": ["2001:db8::1"]},
        PROVIDER: txt("v=spf1 ip4:198.51.100.0/24 ~all"),
        "inner.example": txt(f"v=spf1 include:{PROVIDER} ?all"),
        "loop.example": txt("v=spf1 include:loop.example -all"),
    }

    found = spf_of("verdier.fr", via=via, dns=asking())

    assert (found.state, found.record) == (state, record)


def test_no_spf_and_two_are_told_apart(server: NameServer) -> None:
    server.zone = {"verdier.fr": txt("other"), "boutique.fr": txt("v=spf1 -all", "v=spf1 a -all")}

    assert spf_of("verdier.fr", via=PROVIDER, dns=asking()).state == SpfState.MISSING
    assert spf_of("boutique.fr", via=PROVIDER, dns=asking()).state == SpfState.SEVERAL


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("news.maison-verdier.fr", "maison-verdier.fr"),
        ("a.b.verdier.co.uk", "verdier.co.uk"),
        ("verdier.github.io", "verdier.github.io"),
        ("news.maison.example", "maison.example"),
        ("fr", "fr"),
    ],
)
def test_the_organisation_is_one_label_below_the_public_suffix(domain: str, organisation: str) -> None:
    assert organisation_of(domain) == organisation
    assert lineage(domain, organisation)[0] == domain
    assert lineage(domain, organisation)[-1] == organisation


def test_the_policy_is_the_domains_own_or_the_nearest_above_it(server: NameServer) -> None:
    server.zone["_dmarc.verdier.fr"] = txt("v=DMARC1; p=reject; sp=quarantine; adkim=s")
    above = policy_of("news.verdier.fr", dns=asking())
    assert (above.at, above.policy, above.organisation) == ("_dmarc.verdier.fr", "quarantine", "verdier.fr")
    assert [above.covers(name) for name in ("news.verdier.fr", "verdier.fr")] == [True, False], "strict"

    server.zone["_dmarc.news.verdier.fr"] = txt("v=DMARC1;p=none", "v=other")
    own = policy_of("news.verdier.fr", dns=asking())
    assert (own.policy, own.is_dkim_strict) == ("none", False)
    signers = ("mg.news.verdier.fr", "verdier.fr", "mail.verdier.fr", "sverdier.fr", "fr")
    assert [own.covers(name) for name in signers] == [True, True, True, False, False]

    server.zone["_dmarc.news.verdier.fr"] = txt("v=DMARC1; p=none; psd=n")
    assert not policy_of("news.verdier.fr", dns=asking()).covers("verdier.fr"), "an organisation of its own"


def test_two_policies_are_none(server: NameServer) -> None:
    server.zone["_dmarc.verdier.fr"] = txt("v=DMARC1; p=none", "v=DMARC1; p=reject")

    found = policy_of("verdier.fr", dns=asking())

    assert (found.record, found.is_several) == ("", True)
