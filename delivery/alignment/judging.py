"""One domain at one account: what should stand in the DNS, what does, and what follows."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from deliverability.records.asking import Dns
from deliverability.records.dkim import Key, KeyState, key_at, public_of
from deliverability.records.dmarc import Policy, lineage, policy_of
from deliverability.records.spf import SpfState, address_in, spf_of
from delivery.alignment.findings import Code, Finding
from delivery.capabilities import Signing
from delivery.models import Alignment

State = Alignment.State
LONG_ENOUGH = 2048  # bits: what Gmail and Yahoo ask of whoever writes to many
_KEY = {
    KeyState.MISSING: Code.KEY_MISSING,
    KeyState.REVOKED: Code.KEY_REVOKED,
    KeyState.BROKEN: Code.KEY_BROKEN,
    KeyState.SEVERAL: Code.KEY_SEVERAL,
}
_SPF = {
    SpfState.COVERED: Code.SPF_COVERED,
    SpfState.NOT_COVERED: Code.SPF_NOT_COVERED,
    SpfState.MISSING: Code.SPF_MISSING,
    SpfState.SEVERAL: Code.SPF_SEVERAL,
    SpfState.TOO_MANY: Code.SPF_TOO_MANY,
    SpfState.BROKEN: Code.SPF_BROKEN,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A DKIM record as it should be: `value` a key, where a CNAME leads, the end of that (".…"), or "" = unknown."""

    name: str
    value: str = ""

    @property
    def is_cname(self) -> bool:
        return bool(self.value) and "=" not in self.value

    @property
    def to_publish(self) -> str:
        return "" if self.value.startswith(".") else self.value

    def finding(self, code: Code, *, found: str = "", bits: int = 0) -> Finding:
        return Finding(code, self.name, "CNAME" if self.is_cname else "TXT", self.to_publish, found, bits)


@dataclass(frozen=True, slots=True)
class Question:
    """What is known before the DNS is asked. `told`: by the provider's API, None when it said nothing, empty when it
    does not know the domain; `selectors`: given by a person; `signs_as`: the one domain the account signs for;
    `servers`: addresses our mail leaves from, or the name to include, for SPF; empty where the envelope is not ours;
    `envelope`: the domain on it where bounces have an address of their own, "" = the domain itself."""

    domain: str
    signing: Signing
    options: dict[str, str] = field(default_factory=dict)
    told: tuple[Wanted, ...] | None = None
    selectors: tuple[str, ...] = ()
    signs_as: str = ""
    servers: tuple[str, ...] = ()
    envelope: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    state: Alignment.State
    findings: list[Finding]


def judge(question: Question, *, dns: Dns) -> Verdict:
    """Raises deliverability.records.asking.Silent: then nothing is known, and what was known stays."""
    policy = policy_of(question.domain, dns=dns)
    if not dns.texts(policy.organisation).is_there:
        return Verdict(State.OPEN, [Finding(Code.NO_DOMAIN, question.domain)])
    dmarc = [_dmarc(policy)]
    if question.signs_as and not policy.covers(question.signs_as):
        other = Finding(Code.OTHER_DOMAIN, question.domain, found=question.signs_as)
        return Verdict(State.REFUSED, [other, *dmarc])
    keys = _keys(question, policy, dns)
    envelope = question.envelope or question.domain
    may_count = envelope == question.domain or not policy.is_spf_strict
    spf = [_spf(envelope, via, dns) for via in question.servers if may_count]
    if (keys and _is_whole(keys)) or (spf and _is_whole(spf)):
        return Verdict(State.ALIGNED, [*keys, *spf, *dmarc])
    if keys or spf:
        return Verdict(State.REFUSED, [*keys, *spf, *dmarc])
    code = Code.SELECTOR_UNKNOWN if question.told is None else Code.UNKNOWN_THERE
    return Verdict(State.OPEN, [Finding(code), *dmarc])


def signers(domain: str, policy: Policy, signs_as: str) -> list[str]:
    """The domains a signature of which would count, the nearest first."""
    above = lineage(domain, policy.organisation)
    return [signs_as] if signs_as else [name for name in above if policy.covers(name)]


def _keys(question: Question, policy: Policy, dns: Dns) -> list[Finding]:
    """Of the first set of records that is whole, else of the one most of which is there."""
    best: list[Finding] = []
    for wanted in _sets(question, policy):
        found = [_key(one, dns) for one in wanted]
        if _is_whole(found):
            return found
        if not best or _good(found) > _good(best):
            best = found
    return best


def _sets(question: Question, policy: Policy) -> Iterator[Sequence[Wanted]]:
    if question.told is not None:
        if question.told:
            yield question.told
        return
    for signer in signers(question.domain, policy, question.signs_as):
        if question.selectors:
            for selector in question.selectors:
                yield [Wanted(f"{selector}._domainkey.{signer}")]
            continue
        values = question.options | {"dashed": signer.replace(".", "-")}
        for keys in question.signing.keys:
            with suppress(
                KeyError
            ):  # at the provider's SMTP server the account does not know the number of its project
                yield [
                    Wanted(f"{selector.format(**values)}._domainkey.{signer}", leads_to.format(**values))
                    for selector, leads_to in keys.items()
                ]


def _key(wanted: Wanted, dns: Dns) -> Finding:
    key = key_at(wanted.name, dns=dns)
    if key.state == KeyState.DANGLING:
        code = Code.KEY_DANGLING if _leads(key, wanted.value) else Code.KEY_ELSEWHERE
        return wanted.finding(code, found=key.chain[-1])
    if key.state != KeyState.GOOD:
        return wanted.finding(_KEY[key.state])
    if wanted.is_cname and not _leads(key, wanted.value) and not _is_copy(key, wanted, dns):
        return wanted.finding(Code.KEY_ELSEWHERE, found=key.chain[0] if key.chain else f"p={key.public}")
    if not wanted.is_cname and wanted.value and public_of(wanted.value) != key.public:
        return wanted.finding(Code.KEY_OTHER, found=f"p={key.public}")
    is_short = 256 < key.bits < LONG_ENOUGH
    return wanted.finding(Code.KEY_SHORT if is_short else Code.KEY_GOOD, bits=key.bits)


def _leads(key: Key, target: str) -> bool:
    target = target.rstrip(".").lower()
    return not target or any(host == target or (target[0] == "." and host.endswith(target)) for host in key.chain)


def _is_copy(key: Key, wanted: Wanted, dns: Dns) -> bool:
    """Some hosts of zones answer with what the CNAME leads to instead of the CNAME."""
    return bool(wanted.to_publish) and key_at(wanted.value, dns=dns).public == key.public


def _spf(domain: str, via: str, dns: Dns) -> Finding:
    found = spf_of(domain, via=via, dns=dns)
    address = address_in(via)
    term = f"include:{via}" if address is None else f"ip{address.version}:{via}"
    want = ""
    if found.state in (SpfState.MISSING, SpfState.NOT_COVERED):
        want = _with(found.record or "v=spf1 ~all", term)
    said = found.fault if found.state in (SpfState.TOO_MANY, SpfState.BROKEN) else found.record
    return Finding(_SPF[found.state], domain, "TXT", want, term if found.state == SpfState.COVERED else said)


def _with(record: str, term: str) -> str:
    """The record with one term more, first: nothing before it can refuse."""
    first, _blank, rest = record.partition(" ")
    return f"{first} {term} {rest}".strip()


def _dmarc(policy: Policy) -> Finding:
    if not policy.record:
        code = Code.DMARC_SEVERAL if policy.is_several else Code.DMARC_MISSING
        want = "" if policy.is_several else "v=DMARC1; p=none"
        return Finding(code, f"_dmarc.{policy.domain}", "TXT", want)
    code = Code.DMARC_STRICT if policy.is_dkim_strict else Code.DMARC_GOOD
    return Finding(code, policy.at, "TXT", policy.record, policy.policy)


def _is_whole(findings: list[Finding]) -> bool:
    return _good(findings) == len(findings)


def _good(findings: list[Finding]) -> int:
    return sum(one.code in (Code.KEY_GOOD, Code.KEY_SHORT, Code.SPF_COVERED) for one in findings)
