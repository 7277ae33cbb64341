"""Mail servers for tests: a mailbox with moods in memory, and one behind a socket, with TLS and login on request."""

import base64
import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Mailbox:
    """The transfer half of an RFC 5321 server, in memory: it accepts or refuses by its moods and knows what it took."""

    def __init__(self, moods: list[str]) -> None:
        self.moods, self.rest, self.accepted = moods, b"", []  # type: ignore[var-annotated]
        self.sender = self.recipient = None  # type: ignore[var-annotated]
        self.in_data, self.sizes, self.closed = False, [], False  # type: ignore[var-annotated]

    def mood(self) -> str:
        return self.moods.pop(0) if self.moods else "yes"

    def eat(self, octets: bytes) -> bytes:
        self.rest += octets
        out = b""
        while not self.closed and (answer := self.one()) is not None:
            out += answer
        return out

    def one(self) -> bytes | None:
        if self.in_data:
            _, found, rest = self.rest.partition(b"\r\n.\r\n")
            if self.rest.startswith(b".\r\n"):
                found, rest = b".", self.rest[3:]
            if not found:
                return None
            self.rest, self.in_data = rest, False
            return self.end_of_message()
        line, found, rest = self.rest.partition(b"\r\n")
        if not found:
            return None
        word = line[:4]
        if word == b"BDAT":
            size = int(line.split()[1])
            if len(rest) < size:
                return None
            self.rest = rest[size:]
            return self.end_of_message() if self.recipient else b"503 5.5.1 need RCPT\r\n"
        self.rest = rest
        if word == b"RSET":
            self.sender = self.recipient = None
            return b"250 ok\r\n"
        if word == b"MAIL" and self.sender:
            return b"503 5.5.1 nested MAIL\r\n"
        if word == b"DATA":
            if not self.recipient:
                return b"554 5.5.1 no valid recipients\r\n"
            self.in_data = True
            return b"354 go\r\n"
        if word == b"RCPT" and not self.sender:
            return b"503 5.5.1 need MAIL\r\n"
        mood = self.mood()
        if mood == "421":
            self.closed = True
            return b"421 4.3.2 closing\r\n"
        if mood in ("later", "no"):
            return b"451 4.3.0 later\r\n" if mood == "later" else b"550 5.1.1 no\r\n"
        if word == b"MAIL":
            self.sender = line
        else:
            self.recipient = line
        return b"250-fine\r\n250 ok\r\n"

    def end_of_message(self) -> bytes:
        mood = self.mood()
        who, self.sender, self.recipient = self.recipient, None, None
        if mood == "421":
            self.closed = True
            return b"421 4.3.2 closing\r\n"
        if mood in ("later", "no") or who is None:
            return b"451 4.3.0 later\r\n" if mood == "later" else b"554 5.7.1 no\r\n"
        self.accepted.append(int(who.split(b"<")[1].split(b"@")[0]))
        return b"250 2.0.0 queued\r\n"


@dataclass
class Manners:
    """How a server behaves before and around the transfer of messages."""

    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE 1000000")
    greeting: bytes = b"220 test ESMTP\r\n"
    password: str = ""  # asks for AUTH when given
    certificate: Path | None = None
    is_tls_at_once: bool = False
    cuts_after: int = 0  # octets of its answers during the transfer, then it closes without a word
    eats_chunks: bool = True


@dataclass
class SmtpServer:
    """One server on a loopback port; `mailboxes` has one entry a connection."""

    manners: Manners
    moods: list[str] = field(default_factory=list)
    mailboxes: list[Mailbox] = field(default_factory=list)
    make_mailbox: Callable[[list[str]], Mailbox] = Mailbox
    said: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def accepted(self) -> list[int]:
        return [number for mailbox in self.mailboxes for number in mailbox.accepted]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # an accept already waiting would take one more
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listening.accept()
                threading.Thread(target=self._talk, args=(sock,), daemon=True).start()

    def _talk(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            if self.manners.is_tls_at_once:
                sock = self._encrypted(sock)
            sock.sendall(self.manners.greeting)
            self._hello(sock)

    def _encrypted(self, sock: socket.socket) -> ssl.SSLSocket:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.manners.certificate)  # type: ignore[arg-type]
        return context.wrap_socket(sock, server_side=True)

    def _hello(self, sock: socket.socket) -> None:
        """Commands one by one until the first MAIL; then the mailbox."""
        rest, may_mail = b"", not self.manners.password
        while True:
            while b"\r\n" not in rest:
                if not (octets := sock.recv(65536)):
                    return None
                rest += octets
            if rest[:4] in (b"MAIL", b"RSET") and may_mail:
                return self._transfer(sock, rest)
            line, _, rest = rest.partition(b"\r\n")
            self.said.append(line)
            word, *args = line.split()
            if word == b"EHLO":
                lines = ["test", *self.manners.offers]
                marks = ["-"] * (len(lines) - 1) + [" "]
                sock.sendall("".join(f"250{m}{t}\r\n" for m, t in zip(marks, lines, strict=True)).encode())
            elif word == b"STARTTLS":
                sock.sendall(b"220 go\r\n")
                sock = self._encrypted(sock)
            elif word == b"AUTH" and args[0] == b"PLAIN":
                may_mail = base64.b64decode(args[1]).split(b"\0")[2].decode() == self.manners.password
                sock.sendall(b"235 ok\r\n" if may_mail else b"535 5.7.8 wrong password\r\n")
            elif word == b"AUTH":
                rest = self._login(sock)
                may_mail = rest.decode() == self.manners.password
                rest = b""
                sock.sendall(b"235 ok\r\n" if may_mail else b"535 5.7.8 wrong password\r\n")
            elif word == b"BDAT" and self.manners.eats_chunks:
                rest = rest[int(args[0]) :]
                sock.sendall(b"503 5.5.1 need MAIL\r\n")
            elif word == b"QUIT":
                sock.sendall(b"221 bye\r\n")
                return None
            else:
                sock.sendall(b"250 ok\r\n" if word == b"NOOP" else b"530 5.7.0 log in first\r\n")

    @staticmethod
    def _login(sock: socket.socket) -> bytes:
        answers = []
        for asked in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
            sock.sendall(asked)
            answers.append(base64.b64decode(sock.recv(4096)))
        return answers[1]

    def _transfer(self, sock: socket.socket, octets: bytes) -> None:
        mailbox = self.make_mailbox(self.moods)
        self.mailboxes.append(mailbox)
        left = self.manners.cuts_after or 10**12
        while octets:
            answer = mailbox.eat(octets)[:left]
            left -= len(answer)
            sock.sendall(answer)
            if mailbox.closed or not left:
                return
            octets = sock.recv(65536)


@contextlib.contextmanager
def smtp_server(
    manners: Manners | None = None,
    moods: list[str] | None = None,
    make_mailbox: Callable[[list[str]], Mailbox] = Mailbox,
) -> Iterator[SmtpServer]:
    server = SmtpServer(manners or Manners(), moods or [], make_mailbox=make_mailbox)
    try:
        yield server
    finally:
        server.close()


def make_certificate(path: Path, *names: str) -> Path:
    """A self-signed certificate with its key, for `names`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
