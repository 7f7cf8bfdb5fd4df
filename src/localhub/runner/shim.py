"""Runs inside the app: gives every Space the port it asks for, on one machine.

In a container each app has port 7860 to itself. Here it listens on a free loopback port instead, and localhub's
own address leads there. `LOCALHUB_BIND` is `<app_port>:<free port>`. An app that listens on 127.0.0.1 only could
not be reached on the Hub, so here it is not reachable either, and its log says why.

Standard library only: this file is copied into the app's virtual environment.
"""

import importlib.abc
import importlib.machinery
import os
import socket
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

ASKED, _, GIVEN = os.environ["LOCALHUB_BIND"].partition(":")
ASKED_PORT, GIVEN_PORT = int(ASKED), int(GIVEN)
EVERYWHERE = {None, "", "0.0.0.0", "::", b""}  # noqa: S104
INSIDE = {"127.0.0.1", "localhost", "::1", *EVERYWHERE}

_bind = socket.socket.bind
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_said = False


def bind(self: socket.socket, address: Any) -> None:
    if not _concerns(self, address):
        _bind(self, address)
    elif address[0] not in EVERYWHERE:
        _explain(address[0])
        _bind(self, (address[0], 0, *address[2:]))
    elif self.family == socket.AF_INET6:
        _bind(self, ("::1", GIVEN_PORT))
    else:
        _bind(self, ("127.0.0.1", GIVEN_PORT))


def connect(self: socket.socket, address: Any) -> None:
    _connect(self, _inside(self, address))


def connect_ex(self: socket.socket, address: Any) -> int:
    return _connect_ex(self, _inside(self, address))


def _inside(sock: socket.socket, address: Any) -> Any:
    # An app that calls itself must find itself.
    if not _concerns(sock, address) or address[0] not in INSIDE:
        return address
    return (address[0], GIVEN_PORT, *address[2:])


def _concerns(sock: socket.socket, address: Any) -> bool:
    return (
        sock.family in (socket.AF_INET, socket.AF_INET6)
        and bool(sock.type & socket.SOCK_STREAM)
        and isinstance(address, tuple)
        and address[1] == ASKED_PORT
    )


def _explain(host: str) -> None:
    global _said  # noqa: PLW0603
    if not _said:
        _said = True
        sys.stderr.write(
            f"localhub: the app listens on {host}:{ASKED_PORT}, which nobody outside its container can reach."
            f" Listen on 0.0.0.0:{ASKED_PORT}.\n"
        )
        sys.stderr.flush()


class _UvloopHook(importlib.abc.MetaPathFinder):
    """uvloop binds in C, below `socket.bind`: there the arguments of `create_server` are exchanged."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "uvloop":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and spec.loader:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _patch_after(load, module)  # type: ignore[method-assign]
        return spec


def _patch_after(load: Callable[[ModuleType], None], module: ModuleType) -> None:
    load(module)
    original = module.Loop.create_server

    async def create_server(self: Any, factory: Any, host: Any = None, port: Any = None, **rest: Any) -> Any:
        if port == ASKED_PORT and not isinstance(host, list | tuple):
            if host in EVERYWHERE:
                host, port = "127.0.0.1", GIVEN_PORT
            else:
                _explain(host)
                port = 0
        return await original(self, factory, host, port, **rest)

    module.Loop.create_server = create_server


socket.socket.bind = bind  # type: ignore[method-assign, assignment]
socket.socket.connect = connect  # type: ignore[method-assign, assignment]
socket.socket.connect_ex = connect_ex  # type: ignore[method-assign, assignment]
sys.meta_path.insert(0, _UvloopHook())
