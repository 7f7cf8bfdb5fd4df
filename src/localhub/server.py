"""Runs the application under uvicorn and says where it listens."""

import asyncio
import resource
import socket
from collections.abc import Callable

import click
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from localhub.app import create_app
from localhub.config import Config
from localhub.hub import Hub

Make = Callable[[uvicorn.Config, Hub], uvicorn.Server]


def run(config: Config, port: int, make: Make | None = None) -> None:
    """Blocks until SIGINT or SIGTERM. Port 0 takes a free one. `make` gives another server than the plain one.

    Raises click.ClickException where it cannot listen.
    """
    _allow_many_sockets()
    listener = _listen(config.host, port)
    address = f"http://{config.host}:{listener.getsockname()[1]}"
    app = create_app(config, address)
    settings = uvicorn.Config(
        app,
        http=Protocol,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=False,
    )
    server = make(settings, app.state.hub) if make else Announced(settings, address)
    asyncio.run(server.serve(sockets=[listener]))


class Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"localhub: listening on {self._address}", flush=True)  # noqa: T201


class Protocol(HttpToolsProtocol):
    """Hands the connection to the application: a scripted fault can then drop it without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["localhub.transport"] = self.transport  # type: ignore[typeddict-unknown-key]


def _listen(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio turns off Nagle's algorithm only then: 40 ms an answer.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return listener


def _allow_many_sockets() -> None:
    # Every Space has an address of its own, so a thousand Spaces need more than the usual 1,024 descriptors.
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
