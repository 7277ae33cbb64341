"""What providers really post, shaped after their own documentation; one maker a kind, with its authentication."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.conf import settings

AT = 1763632800  # 2025-11-20 10:00 UTC, in seconds
KEY = "a-signing-key"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC = ec.generate_private_key(ec.SECP256R1())


def _public(key: Any) -> str:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "".join(pem.decode().splitlines()[1:-1])


@dataclass
class Post:
    """One request: body, headers, and what kind of body."""

    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"data": self.body, "content_type": self.content_type, "headers": self.headers}


@dataclass(frozen=True)
class Kind:
    """How to bounce one message at one provider. `bounce(identity, path)`; `credentials` hold its signing key."""

    bounce: Callable[[str, str], Post]
    credentials: dict[str, str] = field(default_factory=dict)
    needs_key: bool = False


def as_json(body: Any, **headers: str) -> Post:
    return Post(json.dumps(body).encode(), headers=headers)


def brevo(identity: str, _path: str = "") -> Post:
    return as_json(
        {
            "event": "hard_bounce",
            "email": "camille@courriel.example",
            "id": 26224,
            "date": "2025-11-20 11:00:00",
            "ts": AT,
            "message-id": "<202511201000.1@smtp-relay.mailin.fr>",
            "ts_event": AT,
            "ts_epoch": AT * 1000,
            "subject": "Soldes",
            "X-Mailin-custom": json.dumps({"envol": identity}),
            "reason": "550 5.1.1 user unknown",
            "tags": [],
        }
    )


def mailersend(identity: str, _path: str = "") -> Post:
    body = json.dumps(
        {
            "type": "activity.hard_bounced",
            "created_at": "2025-11-20T10:00:00.000000Z",
            "webhook_id": "w1",
            "data": {
                "object": "activity",
                "id": "62f114f8165fe0d8db0288e3",
                "type": "hard_bounced",
                "created_at": "2025-11-20T10:00:00.000000Z",
                "email": {
                    "headers": {"X-Envol-ID": identity},
                    "message": {"id": "62fb66bef54a112e920b5493"},
                    "recipient": {"email": "camille@courriel.example"},
                },
                "morph": {"object": "recipient_bounce", "reason": "550 5.1.1 user unknown"},
            },
        }
    ).encode()
    return Post(body, headers={"Signature": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()})


def mailgun(identity: str, _path: str = "") -> Post:
    token, stamp = "t0ken" + identity, str(AT)
    return as_json(
        {
            "signature": {
                "timestamp": stamp,
                "token": token,
                "signature": hmac.new(KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(),
            },
            "event-data": {
                "id": "G9Bn5sl1TC6nu79C8C0bwg",
                "timestamp": AT + 0.5,
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "recipient": "camille@courriel.example",
                "user-variables": {"envol": identity},
                "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist", "description": ""},
                "message": {"headers": {"message-id": "20251120100000.1.ABC@mg.maison-verdier.example"}},
            },
        }
    )


def mailjet(identity: str, _path: str = "") -> Post:
    return as_json(
        [
            {
                "event": "bounce",
                "time": AT,
                "MessageID": 13792286917004336,
                "Message_GUID": "1ab23cd4",
                "email": "camille@courriel.example",
                "Payload": json.dumps({"envol": identity}),
                "blocked": True,
                "hard_bounce": True,
                "error_related_to": "recipient",
                "error": "user unknown",
                "comment": "Host or domain name not found",
            }
        ]
    )


def mailtrap(identity: str, _path: str = "") -> Post:
    body = json.dumps(
        {
            "events": [
                {
                    "event": "bounce",
                    "message_id": "1df37d17-0286-4d8b-8edf-bc4ec5be86e6",
                    "sending_stream": "bulk",
                    "email": "camille@courriel.example",
                    "timestamp": AT,
                    "event_id": "bede7236-2284-43d6-a953-1fdcafd0fdbc",
                    "custom_variables": {"envol": identity},
                    "response": "550 5.1.1 user unknown",
                    "response_code": 550,
                    "bounce_category": "unknown_user",
                }
            ]
        }
    ).encode()
    return Post(body, headers={"Mailtrap-Signature": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()})


def mandrill(identity: str, path: str = "") -> Post:
    events = [
        {
            "event": "hard_bounce",
            "_id": "762daa7a6c1c4a2f8a1d",
            "ts": AT,
            "msg": {
                "ts": AT,
                "_id": "762daa7a6c1c4a2f8a1d",
                "email": "camille@courriel.example",
                "metadata": {"envol": identity},
                "diag": "smtp;550 5.1.1 user unknown",
                "bounce_description": "bad_mailbox",
                "tags": [],
            },
        }
    ]
    form = {"mandrill_events": json.dumps(events)}
    signed = settings.ENVOL_URL + path + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(KEY.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return Post(
        urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Mandrill-Signature": signature},
    )


def postal(identity: str, _path: str = "") -> Post:
    """Has no metadata: the message is found by our signed Message-ID, which stands in `identity`'s place here."""
    body = json.dumps(
        {
            "event": "MessageBounced",
            "timestamp": float(AT),
            "uuid": "0fcc8526-58e0-40bc-8c7a-0b4f4a7b3b3a",
            "payload": {
                "original_message": {
                    "id": 12345,
                    "token": "abcdef123",
                    "direction": "outgoing",
                    "message_id": identity,
                    "to": "camille@courriel.example",
                    "from": "bonjour@maison-verdier.example",
                    "subject": "Soldes",
                    "tag": "",
                },
                "bounce": {"id": 12347, "subject": "Delivery Error", "to": "x@psrp.example"},
                "details": "550 5.1.1 user unknown",
            },
        }
    ).encode()
    signature = base64.b64encode(_RSA.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode()
    return Post(body, headers={"X-Postal-Signature": signature})


def postmark(identity: str, _path: str = "") -> Post:
    return as_json(
        {
            "RecordType": "Bounce",
            "ID": 42,
            "Type": "HardBounce",
            "TypeCode": 1,
            "MessageID": "00000000-0000-0000-0000-000000000000",
            "Metadata": {"envol": identity},
            "Description": "The server was unable to deliver your message.",
            "Details": "smtp;550 5.1.1 The email account does not exist",
            "Email": "camille@courriel.example",
            "BouncedAt": "2025-11-20T10:00:00Z",
            "Inactive": True,
        }
    )


def resend(identity: str, _path: str = "") -> Post:
    secret = base64.b64encode(b"resend-secret").decode()
    body = json.dumps(
        {
            "type": "email.bounced",
            "created_at": "2025-11-20T10:00:00.000Z",
            "data": {
                "created_at": "2025-11-20T09:59:00.000Z",
                "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
                "from": "bonjour@maison-verdier.example",
                "to": ["camille@courriel.example"],
                "headers": [{"name": "X-Envol-ID", "value": identity}],
                "subject": "Soldes",
                "bounce": {"message": "550 5.1.1 user unknown", "subType": "General", "type": "Permanent"},
            },
        }
    ).encode()
    stamp = str(int(time.time()))
    signed = f"msg_1.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()).decode()
    return Post(
        body,
        headers={"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,AAAA v1,{signature}"},
    )


def sendgrid(identity: str, _path: str = "") -> Post:
    body = json.dumps([sendgrid_event(identity)]).encode()
    return Post(body, headers=sendgrid_signature(body))


def sendgrid_event(identity: str, *, number: int = 0) -> dict[str, Any]:
    return {
        "email": "camille@courriel.example",
        "timestamp": AT,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": "bounce",
        "type": "bounce",
        "category": ["newsletter"],
        "sg_event_id": f"6g4ZI7SA-xmRDv57GoPIPw-{number}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "envol": identity,
        "reason": "550 5.1.1 user unknown",
        "status": "5.1.1",
    }


def sendgrid_signature(body: bytes) -> dict[str, str]:
    signature = base64.b64encode(_EC.sign(str(AT).encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": str(AT),
    }


def sparkpost(identity: str, _path: str = "") -> Post:
    return as_json(
        [
            {
                "msys": {
                    "message_event": {
                        "type": "bounce",
                        "bounce_class": "10",
                        "event_id": "92356927693813856",
                        "timestamp": str(AT),
                        "message_id": "000443ee14578172be22",
                        "transmission_id": "65832150921904138",
                        "raw_rcpt_to": "camille@courriel.example",
                        "rcpt_meta": {"envol": identity},
                        "rcpt_tags": [],
                        "raw_reason": "550 5.1.1 user unknown",
                        "reason": "550 5.1.1 user unknown",
                        "error_code": "550",
                    }
                }
            },
            {"msys": {}},
        ]
    )


def unisender_go(identity: str, _path: str = "") -> Post:
    body = json.dumps(
        {
            "auth": "@@auth@@",
            "events_by_user": [
                {
                    "user_id": 456,
                    "events": [
                        {
                            "event_name": "transactional_email_status",
                            "event_data": {
                                "job_id": "1a3Q2V-0000OZ-S0",
                                "metadata": {"envol": identity},
                                "email": "camille@courriel.example",
                                "status": "hard_bounced",
                                "event_time": "2025-11-20 10:00:00",
                                "delivery_info": {
                                    "delivery_status": "err_user_unknown",
                                    "destination_response": "550 5.1.1 user unknown",
                                },
                            },
                        }
                    ],
                }
            ],
        }
    )
    auth = hashlib.md5(body.replace("@@auth@@", KEY).encode()).hexdigest()
    return Post(body.replace("@@auth@@", auth).encode())


KINDS: dict[str, Kind] = {
    "brevo": Kind(brevo),
    "mailersend": Kind(mailersend, {"signing_secret": KEY}, needs_key=True),
    "mailgun": Kind(mailgun, {"webhook_signing_key": KEY}, needs_key=True),
    "mailjet": Kind(mailjet),
    "mailtrap": Kind(mailtrap, {"signing_secret": KEY}),
    "mandrill": Kind(mandrill, {"webhook_key": KEY}, needs_key=True),
    "postal": Kind(postal, {"webhook_key": _public(_RSA)}, needs_key=True),
    "postmark": Kind(postmark),
    "resend": Kind(resend, {"signing_secret": "whsec_" + base64.b64encode(b"resend-secret").decode()}),
    "sendgrid": Kind(sendgrid, {"webhook_verification_key": _public(_EC)}),
    "sparkpost": Kind(sparkpost),
    "unisender_go": Kind(unisender_go, {"api_key": KEY}, needs_key=True),
}
