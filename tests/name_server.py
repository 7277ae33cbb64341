"""A name server on a real UDP socket: what tests say the DNS knows, and who asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class NameServer:
    """What stands in the DNS, by name and kind; a name that is neither there nor above one that is does not exist.

    `mx`: lines "10 mx.example.net." by domain; [] = a name without MX; None = silence.
    `broken`: names a server fails at.
    `zone`: lines by kind ("TXT" without quotes, "CNAME", "A", "AAAA", "MX") by name; None = silence.
    """

    port: int = 0
    mx: dict[str, list[str] | None] = field(default_factory=dict)
    zone: dict[str, dict[str, list[str]] | None] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        name, kind = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        domain = name.to_text(omit_final_dot=True).lower()
        self.asked.append(domain)
        reply = dns.message.make_response(query, recursion_available=True)
        if domain in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply.to_wire()
        while target := self._lines(domain, "CNAME"):
            reply.answer.append(dns.rrset.from_text(f"{domain}.", 300, "IN", "CNAME", *target))
            domain = target[0].rstrip(".")
        lines = self._lines(domain, kind)
        if lines is None:
            if domain in self.mx or domain in self.zone:
                return None
            if any(name.endswith(f".{domain}") for name in self.zone):
                return reply.to_wire()
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif lines:
            reply.answer.append(dns.rrset.from_text(f"{domain}.", 300, "IN", kind, *lines))
        return reply.to_wire()

    def _lines(self, domain: str, kind: str) -> list[str] | None:
        if kind == "MX" and domain in self.mx:
            return self.mx[domain]
        here = self.zone.get(domain)
        if here is None:
            return None
        lines = here.get(kind, [])
        return [_quoted(line) for line in lines] if kind == "TXT" else lines


def _quoted(text: str) -> str:
    """A string of a TXT record holds 255 octets."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) or '""'


@contextmanager
def name_server() -> Iterator[NameServer]:
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))
    server = NameServer(port=wire.getsockname()[1])
    stop = threading.Event()

    def serve() -> None:
        while True:
            question, place = wire.recvfrom(4096)
            if stop.is_set():
                return
            if (reply := server.answer(question)) is not None:
                wire.sendto(reply, place)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        wire.sendto(b"", wire.getsockname())
        thread.join()
        wire.close()
