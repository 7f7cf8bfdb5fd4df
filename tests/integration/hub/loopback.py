"""What the Hub or a server that plays it answers, on loopback."""

import socket
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from spaceport.hub import HubFailure

TOKEN = "hf_local"


def failure(call: Callable[..., Any], *arguments: Any, **options: Any) -> HubFailure:
    with pytest.raises(HubFailure) as raised:
        call(*arguments, **options)
    everything = "".join(traceback.format_exception(raised.value))
    for secret in (TOKEN, "hf_reads"):
        assert secret not in f"{raised.value!r} {raised.value} {everything}"
    return raised.value


class answering:  # noqa: N801 - reads as `with answering(…)`
    """A server that answers every connection with the same bytes; a body alone gets a head."""

    def __init__(self, raw: bytes, *, promise: int | None = None) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
        answer = raw if raw.startswith(b"HTTP/") else head % (promise or len(raw)) + raw
        # It closes after each answer, and says so: else the client's next call may meet a connection on its way out.
        self._raw = answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.answered = 0

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                # To the last byte: closing with something unread would reset the connection.
                with connection.makefile("rb") as request:
                    while request.readline().strip():
                        pass
                connection.sendall(self._raw)
                self.answered += 1
