"""Ports of this machine alone."""

import asyncio
import socket


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To an app that may listen over IPv4 or over IPv6. Raises OSError when it listens over neither."""
    try:
        return await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return await asyncio.open_connection("::1", port)


async def listens(port: int) -> bool:
    try:
        _reader, writer = await connect(port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
