import socket

import pytest

from launcher.ports import check_free, free_port, number
from launcher.refusal import Refusal


def test_a_free_port_passes() -> None:
    check_free("127.0.0.1", free_port(), "PORT")


def test_a_busy_port_is_refused_with_the_variable_to_set() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(Refusal, match=f"Port {port} is busy: choose another, for instance PORT={port + 1}"):
            check_free("127.0.0.1", port, "PORT")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refusal, match="ENVOL_BIND"):
        check_free("192.0.2.1", free_port(), "PORT")


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "80a", "８０"])
def test_what_is_no_port_is_refused_with_the_variable_s_name(text: str) -> None:
    with pytest.raises(Refusal, match="PORT"):
        number(text, "PORT")


def test_a_port_number_is_read() -> None:
    assert number("65535", "PORT") == 65535
