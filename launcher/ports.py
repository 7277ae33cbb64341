"""Ports: which are free, and what to say of one that is not."""

import errno
import socket

from launcher.refusal import Refusal


def free_port() -> int:
    """A port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def number(text: str, variable: str) -> int:
    """A port number out of the environment; raises Refusal naming `variable` where it is none."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise Refusal(f"{variable} must be a port number between 1 and 65535, not “{text}”.")


def check_free(host: str, port: int, variable: str) -> None:
    """Raises Refusal where `port` cannot be listened on, saying how to choose another one in `variable`."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # as servers do: connections of an earlier start that are still fading away do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise Refusal(
            f"Port {port} needs more rights than this account has: choose another with {variable}."
        ) from error
    except socket.gaierror as error:
        raise Refusal(f"{host} is no address of this machine: check ENVOL_BIND.") from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise Refusal(f"{host} is no address of this machine: check ENVOL_BIND.") from error
        raise Refusal(f"Port {port} is busy: choose another, for instance {variable}={port + 1}.") from error
