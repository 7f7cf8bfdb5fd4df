"""The stable address of one Space: a loopback port that leads to whichever app is being served."""

import asyncio
import html
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localhub.runner import loopback, static_files

HEAD_LIMIT = 65_536
HEAD_TIMEOUT = 30


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    raw: bytes


@dataclass(frozen=True)
class Refusal:
    status: str
    """For example `503 Service Unavailable`."""
    title: str
    text: str


@dataclass(frozen=True)
class Site:
    """The files of a static Space, and what its pages are told."""

    folder: Path
    variables: dict[str, str]


@dataclass(frozen=True)
class Admission:
    target: int | Site | Refusal
    """The port of a running app, a static site, or why there is neither."""
    cookie: str = ""
    """To be set along with the answer."""


Admit = Callable[[Request], Awaitable[Admission]]


class Front:
    """Owned by localhub, so that the old app serves until the new one is ready and the switch is one step."""

    def __init__(self, admit: Admit) -> None:
        self._admit = admit
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None] | None] = set()
        self.awake()

    async def listen(self, host: str, port: int) -> int:
        """Takes the wanted port if it is free, else another one, and returns it."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=HEAD_LIMIT)
        except OSError:
            self._server = await asyncio.start_server(self._serve, host, 0, limit=HEAD_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    def awake(self) -> None:
        """Begins to count the idle time anew: with each visit, and with each start."""
        self._last_visit = time.monotonic()

    def idle(self) -> float:
        """Seconds since the last visit; 0 while one is going on."""
        return 0 if self._visits else time.monotonic() - self._last_visit

    async def drain(self, limit: float) -> None:
        """Returns once every visit that is going on now has ended, or after `limit` seconds."""
        visits = [visit for visit in self._visits if visit]
        if visits:
            await asyncio.wait(visits, timeout=limit)

    def close(self) -> None:
        if self._server:
            self._server.close()
        for visit in self._visits:
            if visit:
                visit.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        self._visits.add(visit)
        try:
            async with asyncio.timeout(HEAD_TIMEOUT):
                request = _parse(await reader.readuntil(b"\r\n\r\n"))
            await self._answer(request, reader, writer)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # A visitor who leaves, or talks no HTTP, is nobody's fault.
        finally:
            self._visits.discard(visit)
            self.awake()
            writer.close()

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        admission = await self._admit(request)
        target, extra = admission.target, _header(admission.cookie)
        if isinstance(target, Site):
            visit = (target.folder, request.method, request.target, target.variables)
            writer.write(_with(extra, await asyncio.to_thread(static_files.respond, *visit)))
        elif isinstance(target, Refusal):
            writer.write(_page(target))
        else:
            try:
                upstream = await loopback.connect(target)
            except OSError:
                writer.write(_page(Refusal("503 Service Unavailable", "503", "The app does not answer.")))
            else:
                await _splice((reader, writer), upstream, request.raw, extra)
        with suppress(OSError):
            await writer.drain()


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    pairs = (line.partition(":") for line in lines if line)
    return Request(method, target, {name.strip().lower(): value.strip() for name, _, value in pairs}, head)


def _page(refusal: Refusal) -> bytes:
    title, text = html.escape(refusal.title), html.escape(refusal.text)
    body = f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{text}</p>\n".encode()
    head = (
        f"HTTP/1.1 {refusal.status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _header(cookie: str) -> bytes:
    return f"Set-Cookie: {cookie}\r\n".encode() if cookie else b""


def _with(header: bytes, answer: bytes) -> bytes:
    """The answer with a header more, right after its first line."""
    return answer.replace(b"\r\n", b"\r\n" + header, 1)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _splice(visitor: Streams, app: Streams, first: bytes, extra: bytes) -> None:
    app[1].write(first)
    sending = asyncio.create_task(_pump(visitor[0], app[1]))
    try:
        if extra:
            visitor[1].write(_with(extra, await app[0].readline()))
        # An app that ended its side is done; a visitor who ended theirs still waits for the answer.
        await _pump(app[0], visitor[1])
    finally:
        sending.cancel()
        app[1].close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        with suppress(OSError, RuntimeError):
            if sink.can_write_eof():
                sink.write_eof()
