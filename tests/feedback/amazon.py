"""Amazon SNS at the wire: a server with its certificate, at the name the real one has, and messages it signs."""

import base64
import datetime
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from feedback import sns
from tests.feedback.payloads import Post
from tests.smtp import make_certificate

HOST = "sns.eu-west-3.amazonaws.com"
TOPIC = "arn:aws:sns:eu-west-3:123456789012:envol"
SIGNING = f"https://{HOST}/SimpleNotificationService-0123abc.pem"
SUBSCRIBE = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_FIELDS = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def certificate(*, days: int = 1) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=9))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(_KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def signed(message: dict[str, Any], *, version: str = "1") -> Post:
    """One POST of SNS."""
    message = {"TopicArn": TOPIC, "SignatureVersion": version, "SigningCertURL": SIGNING} | message
    text = "".join(f"{name}\n{message[name]}\n" for name in _FIELDS if name in message)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    message["Signature"] = base64.b64encode(_KEY.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
    headers = {"x-amz-sns-message-type": message["Type"], "x-amz-sns-message-id": message["MessageId"]}
    return Post(json.dumps(message).encode(), "text/plain; charset=UTF-8", headers)


def bounce(identity: str, _path: str = "") -> Post:
    """A bounce as SES publishes it."""
    told = {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "camille@courriel.example",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": "2025-11-20T10:00:00.000Z",
        },
        "mail": {
            "messageId": "0102018f-1",
            "destination": ["camille@courriel.example"],
            "headers": [{"name": "X-Metadata", "value": json.dumps({"envol_id": identity})}],
        },
    }
    return notification(told)


def notification(told: Any, *, version: str = "1", **more: Any) -> Post:
    text = told if isinstance(told, str) else json.dumps(told)
    message = {"Type": "Notification", "MessageId": "n1", "Message": text, "Timestamp": "2025-11-20T10:00:01.000Z"}
    return signed(message | more, version=version)


def question(**more: Any) -> Post:
    return signed(
        {
            "Type": "SubscriptionConfirmation",
            "MessageId": "q1",
            "Token": "t",
            "Message": "You have chosen to subscribe",
            "SubscribeURL": SUBSCRIBE,
            "Timestamp": "2025-11-20T10:00:00.000Z",
        }
        | more
    )


class Amazon:
    """What was asked of it; `status` and `body` are its answer."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.status, self.body = 200, certificate()
        amazon = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                amazon.asked.append(self.path)
                self.send_response(amazon.status)
                self.send_header("Location", "https://169.254.169.254/")
                self.end_headers()
                self.wfile.write(amazon.body)

            def log_message(self, *_: object) -> None:
                pass

        self.pem = make_certificate(folder / "sns.pem", HOST)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def amazon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Amazon]:
    """The name of SNS leads here, and its certificate is trusted; the process remembers no key from before."""
    server, real = Amazon(tmp_path), socket.getaddrinfo

    def here(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host == HOST:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        return real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.pem))
    sns._key.cache_clear()
    yield server
    server.close()
    sns._key.cache_clear()
