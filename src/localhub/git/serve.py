"""git's smart HTTP protocol: each exchange is one run of git itself, bounded in time and size."""

import asyncio
import os
import tempfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from localhub.git.run import ENVIRONMENT
from localhub.spawn import spawn

SERVICES = ("git-upload-pack", "git-receive-pack")
LONGEST = 600.0
"""Seconds one exchange may take; git is ended then and the client sees its connection close."""

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "receive.autogc": "false",
    "receive.fsckObjects": "true",
    "safe.directory": "*",
    "transfer.hideRefs": "refs/localhub",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
}


Request = IO[bytes] | int
"""An open file, or what `subprocess` takes in its place."""


class TooLarge(Exception):
    """The request is larger than it may be."""


async def spool(chunks: AsyncIterator[bytes], *, gzipped: bool, largest: int) -> IO[bytes]:
    """The request in a file of its own, unpacked: git then never waits for a slow client. Raises TooLarge, and
    `zlib.error` for what is no gzip."""
    unpack = zlib.decompressobj(wbits=31).decompress if gzipped else bytes
    file, size = tempfile.TemporaryFile(), 0  # noqa: SIM115 - the caller closes it
    async for chunk in chunks:
        size += file.write(unpack(chunk))
        if size > largest:
            raise TooLarge
    file.seek(0)
    return file


async def advertise(repository: Path, service: str, protocol: str) -> bytes:
    """The refs of a repository, as the first answer to a client."""
    refs = await whole(repository, service, asyncio.subprocess.DEVNULL, protocol, "--advertise-refs")
    # Version 2 announces what it can do without naming the service first.
    return refs if "version=2" in protocol else _packet(f"# service={service}\n") + b"0000" + refs


async def whole(repository: Path, service: str, request: Request, protocol: str, *options: str) -> bytes:
    """The whole answer of one exchange."""
    return b"".join([part async for part in exchange(repository, service, request, protocol, *options)])


async def exchange(
    repository: Path, service: str, request: Request, protocol: str, *options: str
) -> AsyncIterator[bytes]:
    """The answer of one exchange as it comes. git does not outlive whoever reads it."""
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = ("git", *settings, service.removeprefix("git-"), "--stateless-rpc", *options, str(repository))
    async with _running(command, request, protocol) as output:
        while part := await output.read(65_536):
            yield part


@asynccontextmanager
async def _running(command: tuple[str, ...], request: Request, protocol: str) -> AsyncIterator[asyncio.StreamReader]:
    process = await spawn(
        *command,
        stdin=request,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=ENVIRONMENT | {"GIT_PROTOCOL": protocol},
    )
    limit = asyncio.get_running_loop().call_later(LONGEST, _kill, process)
    assert process.stdout
    try:
        yield process.stdout
    finally:
        if not process.stdout.at_eof():
            _kill(process)
        # To the end of what it wrote: until then asyncio does not take it for ended.
        await process.stdout.read()
        await process.wait()
        limit.cancel()


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


def _packet(line: str) -> bytes:
    return f"{len(line) + 4:04x}{line}".encode()
