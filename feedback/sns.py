"""Amazon's SNS, which brings the events of SES: its signature, its topic, its question whether we want to hear.

django-anymail checks none of these. Nothing is fetched before the secret in our address was right, and then only from
SNS of the topic's own region, over verified TLS, without redirects (AWS: "Verifying the signatures of Amazon SNS
messages", signature versions 1 and 2).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.http import HttpRequest
from django.utils.translation import gettext as _

from feedback.refusals import Refused

TOPIC = "sns_topic"  # the name under which a provider row keeps the topic somebody accepted
_ARN = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):\d{12}:[A-Za-z0-9_.-]{1,260}")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-fA-F]{1,64}\.pem")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SHA = {"1": hashes.SHA1, "2": hashes.SHA256}
_PATIENCE = 5.0  # seconds
_LARGEST = 64_000  # octets of what is fetched


@dataclass(frozen=True, slots=True)
class Asked:
    """A topic that wants to deliver here, and where saying yes is done."""

    topic: str
    url: str


def check(request: HttpRequest, *, topic: str) -> None:
    """Refuse what Amazon did not sign, and what another topic than the accepted one says. Raises Refused (403)."""
    message = _message(request)
    found = _ARN.fullmatch(str(message.get("TopicArn", "")))
    if found is None or message.get("Type") not in _SIGNED:
        raise Refused(403, _("This is not a message of Amazon SNS."))
    is_question = message["Type"] == "SubscriptionConfirmation"
    if not is_question and not topic:
        raise Refused(403, _("No topic was accepted yet: accept it on the provider's page."))
    if not is_question and message["TopicArn"] != topic:
        raise Refused(403, _("Another topic than the one accepted on the provider's page."))
    _check_signature(message, region=found["region"])


def asked(request: HttpRequest) -> Asked | None:
    """What a checked request asks, when it asks to be subscribed."""
    message = _message(request)
    if message.get("Type") != "SubscriptionConfirmation":
        return None
    return Asked(topic=str(message["TopicArn"]), url=str(message.get("SubscribeURL", "")))


def confirm(question: Asked) -> None:
    """Say yes to Amazon. Raises Refused with words for the person who pressed the button."""
    found, parts = _ARN.fullmatch(question.topic), urlsplit(question.url)
    query = parse_qs(parts.query)
    is_theirs = found is not None and _is_sns(question.url, region=found["region"])
    if not is_theirs or query.get("Action") != ["ConfirmSubscription"] or query.get("TopicArn") != [question.topic]:
        raise Refused(400, _("The address to confirm at is not one of Amazon SNS."))
    try:
        _fetch(question.url)
    except requests.RequestException as error:
        raise Refused(502, _("Amazon did not confirm: %(words)s") % {"words": str(error)[:200]}) from error


def _message(request: HttpRequest) -> Mapping[str, Any]:
    try:
        message = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(403, _("This is not a message of Amazon SNS.")) from error
    return message if isinstance(message, dict) else {}


def _check_signature(message: Mapping[str, Any], *, region: str) -> None:
    url, version = str(message.get("SigningCertURL", "")), str(message.get("SignatureVersion", ""))
    if version not in _SHA or not _is_sns(url, region=region) or not _CERTIFICATE.fullmatch(urlsplit(url).path):
        raise Refused(403, _("The signature could not be checked."))
    names = [name for name in _SIGNED[message["Type"]] if message.get(name) is not None]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    try:
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
        _key(url).verify(signature, signed, padding.PKCS1v15(), _SHA[version]())
    except InvalidSignature as error:
        raise Refused(403, _("Wrong signature.")) from error
    except (binascii.Error, ValueError, requests.RequestException) as error:
        raise Refused(403, _("The signature could not be checked.")) from error


def _is_sns(url: str, *, region: str) -> bool:
    """An https address at SNS of this region, and nothing cleverer."""
    parts = urlsplit(url)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return parts.scheme == "https" and parts.netloc == f"sns.{region}.{suffix}"


@lru_cache(maxsize=16)
def _key(url: str) -> RSAPublicKey:
    """The key of a certificate at Amazon, fetched once in each process. A failure is not remembered."""
    certificate = x509.load_pem_x509_certificate(_fetch(url))
    now, key = datetime.now(UTC), certificate.public_key()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ValueError("the certificate is out of date")
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def _fetch(url: str) -> bytes:
    with requests.get(url, timeout=_PATIENCE, allow_redirects=False, stream=True) as answer:
        answer.raise_for_status()
        if answer.status_code != 200:
            raise requests.RequestException(f"HTTP {answer.status_code}")
        return bytes(answer.raw.read(_LARGEST, decode_content=True))
