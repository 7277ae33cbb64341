"""A connection to an SMTP server, from the greeting to the point where messages may flow (RFC 5321, 3207, 4954).

Everything here waits for each reply: EHLO, STARTTLS and AUTH stand alone or last. Afterwards the socket does not
block, and the dialogue decides what is written.
"""

import base64
import socket
import ssl
from dataclasses import dataclass, field
from enum import Enum

from delivery.lanes.pipelining.dialogue import Features
from delivery.lanes.pipelining.replies import Garbled, Reply, ReplyReader


class Tls(Enum):
    NONE = "none"
    STARTTLS = "starttls"  # ports 587 and 25
    TLS = "tls"  # port 465


class Trouble(Enum):
    """Why no session came about; each has its own next step for people."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    GREETING = "greeting"  # the server is there and says no
    LOGIN = "login"
    PROTOCOL = "protocol"


class NoSession(Exception):
    """The server could not be used; nothing of any message was said to it."""

    def __init__(self, trouble: Trouble, words: str) -> None:
        super().__init__(words)
        self.trouble = trouble
        self.words = words


@dataclass(frozen=True, slots=True)
class Server:
    """Where and as whom to connect. `is_verified` is False only when an administrator said so."""

    host: str
    port: int
    tls: Tls = Tls.NONE
    username: str = ""
    password: str = field(default="", repr=False)
    is_verified: bool = True
    local_name: str = ""
    connect_timeout: float = 30
    reply_timeout: float = 300  # greeting, MAIL, RCPT: five minutes (RFC 5321 4.5.3.2)


class Session:
    """An open, greeted and logged-in connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.features = Features()
        self._reader = ReplyReader()
        self._replies: list[Reply] = []
        self.sock = self._connect()
        try:
            self._begin()
        except (NoSession, OSError, Garbled) as error:
            self.close()
            raise self._as_no_session(error) from error

    def close(self) -> None:
        self.sock.close()

    def quit(self) -> None:
        """Leave politely; whatever the server answers."""
        try:
            self.sock.settimeout(2)
            self.sock.sendall(b"QUIT\r\n")
            self.sock.recv(512)
        except OSError:
            pass
        self.close()

    def has_proven_chunking(self) -> bool:
        """Whether the server eats a refused chunk, as RFC 3030 asks: once per connection, before level 3.

        A server that does not would execute the body of a mail as commands: it answers the NOOP inside the chunk as
        well. After a False the connection is out of step and must be closed.
        """
        if not (self.features.has_chunking and self.features.has_pipelining):
            return False
        refusal = self.command(b"BDAT 6 LAST\r\nNOOP\r\n")
        following = self.command(self._ehlo())
        return refusal.code == 503 and features_of(following).has_chunking

    def command(self, octets: bytes) -> Reply:
        """Say one thing, wait for its reply."""
        self.sock.settimeout(self.server.reply_timeout)
        self.sock.sendall(octets)
        return self._reply()

    # ── the beginning ───────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> socket.socket:
        address = (self.server.host, self.server.port)
        try:
            sock = socket.create_connection(address, timeout=self.server.connect_timeout)
        except OSError as error:
            raise NoSession(Trouble.UNREACHABLE, _words(error)) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.tls is Tls.TLS:
            try:
                return self._encrypted(sock)
            except OSError as error:
                sock.close()
                raise NoSession(Trouble.TLS, _words(error)) from error
        return sock

    def _encrypted(self, sock: socket.socket) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        if not self.server.is_verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(sock, server_hostname=self.server.host)

    def _begin(self) -> None:
        self.sock.settimeout(self.server.reply_timeout)
        greeting = self._reply()
        if not greeting.is_positive:
            raise NoSession(Trouble.GREETING, str(greeting))
        self._hello()
        if self.server.tls is Tls.STARTTLS:
            self._start_tls()
        if self.server.username:
            self._log_in()

    def _hello(self) -> None:
        reply = self.command(self._ehlo())
        if reply.is_positive:
            self.features = features_of(reply)
        elif not (reply := self.command(self._ehlo().replace(b"EHLO", b"HELO", 1))).is_positive:
            raise NoSession(Trouble.GREETING, str(reply))

    def _ehlo(self) -> bytes:
        return f"EHLO {self.server.local_name or socket.getfqdn()}\r\n".encode("ascii", "replace")

    def _start_tls(self) -> None:
        if not self.features.has_starttls:
            raise NoSession(Trouble.TLS, "STARTTLS is not offered")
        reply = self.command(b"STARTTLS\r\n")
        if reply.code != 220:
            raise NoSession(Trouble.TLS, str(reply))
        if self._replies or self._reader.has_rest:
            # Octets sent before the encryption began would be taken for the server's (CVE-2011-0411 and its kin).
            raise NoSession(Trouble.TLS, "unexpected octets after STARTTLS")
        try:
            self.sock = self._encrypted(self.sock)
        except OSError as error:
            raise NoSession(Trouble.TLS, _words(error)) from error
        self._hello()

    def _log_in(self) -> None:
        user, password = self.server.username.encode(), self.server.password.encode()
        if "PLAIN" in self.features.auth:
            reply = self.command(b"AUTH PLAIN %b\r\n" % base64.b64encode(b"\0%b\0%b" % (user, password)))
        elif "LOGIN" in self.features.auth:
            reply = self.command(b"AUTH LOGIN\r\n")
            for secret in (user, password):
                if reply.code == 334:
                    reply = self.command(base64.b64encode(secret) + b"\r\n")
        else:
            raise NoSession(Trouble.LOGIN, "neither AUTH PLAIN nor AUTH LOGIN is offered")
        if reply.code != 235:
            raise NoSession(Trouble.LOGIN, str(reply))

    def _reply(self) -> Reply:
        while not self._replies:
            octets = self.sock.recv(65536)
            if not octets:
                raise NoSession(Trouble.UNREACHABLE, "the server closed the connection")
            self._replies += self._reader.feed(octets)
        return self._replies.pop(0)

    @staticmethod
    def _as_no_session(error: Exception) -> NoSession:
        if isinstance(error, NoSession):
            return error
        if isinstance(error, Garbled):
            return NoSession(Trouble.PROTOCOL, "the answer is not SMTP")
        return NoSession(Trouble.UNREACHABLE, _words(error))


def features_of(reply: Reply) -> Features:
    """The extensions an EHLO reply lists, one a line after the first (RFC 5321 4.1.1.1)."""
    words = {line.split()[0].upper(): line.split()[1:] for line in reply.text.split("\n")[1:] if line.strip()}
    size = words.get("SIZE", ["0"])
    return Features(
        has_pipelining="PIPELINING" in words,
        has_chunking="CHUNKING" in words,
        has_8bitmime="8BITMIME" in words,
        has_smtputf8="SMTPUTF8" in words,
        has_size="SIZE" in words,
        size_limit=int(size[0]) if size and size[0].isdigit() else 0,
        auth=frozenset(word.upper() for word in words.get("AUTH", [])),
        has_starttls="STARTTLS" in words,
    )


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error)
