"""Asking a provider's API which DKIM records a domain needs: it draws selectors and keys, and only it knows them.

The shapes differ; a record is always an object with a name that holds "_domainkey" and a value beside it. Sources: the
API references of Brevo (senders/domains), Mailgun (domains), Mailjet (dns), MailerSend (dns-records), Resend (domains),
Scaleway (domains), SendGrid (whitelabel/domains), SparkPost (sending-domains), Amazon SES (GetEmailIdentity).
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import requests
from anymail.exceptions import AnymailError
from botocore.exceptions import BotoCoreError, ClientError

from delivery.alignment.judging import Wanted
from delivery.capabilities import AMAZON_SES, Signing, kind_of
from delivery.lanes.backends import Api, backend_of
from delivery.lanes.contract import LaneClosed
from delivery.models import Provider

PATIENCE = 15.0  # seconds: somebody may wait at the page
A_PAGE = 100
_MARK = "._domainkey"
_NAMES = ("name", "host", "host_name", "hostname", "DKIMRecordName", "dkim_name")
_VALUES = ("value", "data", "DKIMRecordValue", "dkim_config")


def records_told(provider: Provider, domains: Sequence[str]) -> tuple[Wanted, ...] | None:
    """The records of the first of `domains` the account knows; empty when it knows none, None when it did not say: no
    such question, a key that may only send, no answer."""
    signing = kind_of(provider.kind).signing
    try:
        if provider.kind == AMAZON_SES:
            return _of_amazon(provider, domains)
        if not signing.records:
            return None
        with Api(provider, patience=PATIENCE) as api:
            for domain in domains:
                if found := _of(api, signing, domain):
                    return found
        return ()
    except (LaneClosed, requests.RequestException, AnymailError, ValueError, BotoCoreError, ClientError):
        return None


def _of(api: Api, signing: Signing, domain: str) -> tuple[Wanted, ...]:
    try:
        number = ""
        if signing.listed:
            known = api.ask(signing.listed)["data"]
            number = next((str(one["id"]) for one in known if one.get("name") == domain), "")
            if not number and len(known) >= A_PAGE:
                raise ValueError("it may be on the next page")
            if not number:
                return ()
        return tuple(records_in(api.ask(signing.records.format(domain=quote(domain), id=quote(number))), domain))
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            return ()
        raise
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("an answer of another shape") from error


def records_in(answer: Any, domain: str) -> Iterator[Wanted]:
    """The DKIM records of one domain, wherever they stand in an answer."""
    if isinstance(answer, list):
        for one in answer:
            yield from records_in(one, domain)
    elif isinstance(answer, dict):
        name = next((answer[key] for key in _NAMES if _MARK in str(answer.get(key))), "")
        value = next((str(answer[key]) for key in _VALUES if answer.get(key)), "")
        if name and value and (full := _full(str(name), domain)):
            yield Wanted(full, value.strip().rstrip("."))
        elif answer.get("selector") and answer.get("public"):  # SparkPost names neither record nor value
            yield Wanted(f"{answer['selector']}{_MARK}.{domain}", f"v=DKIM1; k=rsa; h=sha256; p={answer['public']}")
        else:
            for one in answer.values():
                yield from records_in(one, domain)


def _full(name: str, domain: str) -> str:
    """Providers write the name whole, up to the zone, or only its beginning; "" when it is another domain's."""
    selector, _mark, rest = name.strip().rstrip(".").lower().partition(_MARK)
    rest = rest.strip(".")
    is_its = rest in ("", domain) or domain.startswith(f"{rest}.")
    return f"{selector}{_MARK}.{domain}" if is_its else ""


def _of_amazon(provider: Provider, domains: Sequence[str]) -> tuple[Wanted, ...]:
    """Three CNAMEs of its own (Easy DKIM), or the selector of a key somebody brought along."""
    backend = backend_of(provider)
    backend.open()
    try:
        for domain in domains:
            try:
                told = backend.client.get_email_identity(EmailIdentity=domain).get("DkimAttributes", {})
            except backend.client.exceptions.NotFoundException:
                continue
            is_brought = told.get("SigningAttributesOrigin") == "EXTERNAL"
            zone = told.get("SigningHostedZone") or "dkim.amazonses.com"
            return tuple(
                Wanted(f"{token}{_MARK}.{domain}", "" if is_brought else f"{token}.{zone}")
                for token in told.get("Tokens", ())
            )
    finally:
        backend.close()
    return ()
