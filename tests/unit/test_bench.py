import socket

import pytest


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, ("192.0.2.1", 9)), (socket.AF_INET6, ("2001:db8::1", 9))]
)
def test_a_test_cannot_leave_this_machine(family: socket.AddressFamily, address: tuple[str, int]) -> None:
    with (
        socket.socket(family, socket.SOCK_DGRAM) as outwards,
        pytest.raises(AssertionError, match="a test tried to reach"),
    ):
        outwards.connect(address)


def test_loopback_stays_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as peer,
    ):
        client.sendall(b"here")
        assert peer.recv(4) == b"here"
