"""A name server on a real UDP socket: what tests say the DNS knows, and who asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """`mx`: lines "10 mx.example.net." by domain; [] = a name without MX; None = silence. Others do not exist."""

    port: int = 0
    mx: dict[str, list[str] | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name
        domain = name.to_text(omit_final_dot=True)
        self.asked.append(domain)
        reply = dns.message.make_response(query, recursion_available=True)
        if domain not in self.mx:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply.to_wire()
        lines = self.mx[domain]
        if lines is None:
            return None
        if lines:
            reply.answer.append(dns.rrset.from_text(name, 300, "IN", "MX", *lines))
        return reply.to_wire()


@contextmanager
def name_server() -> Iterator[NameServer]:
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind(("127.0.0.1", 0))
    wire.settimeout(0.1)
    server = NameServer(port=wire.getsockname()[1])
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                question, place = wire.recvfrom(4096)
            except TimeoutError:
                continue
            if (reply := server.answer(question)) is not None:
                wire.sendto(reply, place)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join()
        wire.close()
