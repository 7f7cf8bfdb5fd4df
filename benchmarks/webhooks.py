"""How fast deliveries are acknowledged by the real server: 200 a second for a minute, sent on time whatever happens.

`make bench-webhooks`, or `python -m benchmarks.webhooks SECONDS RATE`. Ends with status 1 when a promise is broken.
"""

import asyncio
import itertools
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from tests import git_hosts
from tests.git_hosts import Sent
from tests.localhub_server import LocalHub
from tests.spaceport_server import Person, SpaceportServer

from spaceport.webhooks.providers import Provider

REPOSITORIES = 24
CONNECTIONS = 32
P99_MS = 50.0
# What hosts really send: mostly about other branches and other things.
MIX = {"followed branch": 40, "another branch": 40, "another event": 10, "sent again": 10}


@dataclass
class Result:
    kind: str
    status: int
    milliseconds: float


@dataclass
class Bench:
    hooks: list[dict[str, Any]]
    chance: random.Random
    results: list[Result] = field(default_factory=list)
    sent: list[tuple[dict[str, Any], Sent]] = field(default_factory=list)

    def next(self) -> tuple[str, dict[str, Any], Sent]:
        [kind] = self.chance.choices(list(MIX), list(MIX.values()))
        if kind == "sent again" and self.sent:
            return (kind, *self.chance.choice(self.sent))
        hook = self.chance.choice(self.hooks)
        provider = Provider(hook["provider"])
        ref = "refs/heads/main" if kind == "followed branch" else "refs/heads/feature/x"
        name = hook["repository"].partition("/")[2]
        before, after = (f"{self.chance.getrandbits(160):040x}" for _ in range(2))
        body = git_hosts.push(provider, name, after, before=before, ref=ref, files=("app.py",))
        # As large as a host's: the rest of its payload says who, where and when.
        body |= {"sender": {"login": "x" * 6000}}
        event = "star" if kind == "another event" else ""
        sent = git_hosts.send(provider, hook["secret"], body, event=event)
        self.sent.append((hook, sent))
        return kind, hook, sent


class Connection:
    """HTTP/1.1 by hand: a client library would take the processor time that the server needs."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, sent: Sent) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        head = {**sent.headers, "host": "localhost", "content-length": str(len(sent.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + sent.body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
        return int(answer[9:12])


def main(seconds: int, rate: int) -> int:
    with tempfile.TemporaryDirectory(prefix="bench-webhooks-") as folder:
        # The account that runs Postgres for root has to get in.
        Path(folder).chmod(0o755)
        hub = LocalHub(Path(folder) / "hub", "--stub")
        # The worker is a process of its own here, as where it is busy; none runs, so deployments stay queued.
        server = SpaceportServer(Path(folder) / "spaceport", hub.url, "--no-worker")
        try:
            person = server.person()
            bench = Bench(_prepare(person), random.Random(1))  # noqa: S311 - the same deliveries every time
            process = psutil.Process(server.pid)
            asyncio.run(_run(bench, server.port, seconds=min(3, seconds), rate=rate))
            bench.results.clear()
            before, began = process.cpu_times(), time.perf_counter()
            asyncio.run(_run(bench, server.port, seconds=seconds, rate=rate))
            took = time.perf_counter() - began
            after = process.cpu_times()
            cpu = after.user + after.system - before.user - before.system
            return _report(bench, person, seconds=took, rate=rate, cpu=cpu)
        finally:
            server.stop()
            hub.stop()


def _prepare(person: Person) -> list[dict[str, Any]]:
    person.connect_hub()
    hooks = []
    for number, provider in zip(range(REPOSITORIES), itertools.cycle(Provider), strict=False):
        prefix = "spaces/" if provider is Provider.HUGGINGFACE else ""
        source = {"kind": "git", "url": f"https://git.example.com/{prefix}acme/app-{number}", "ref": "main"}
        person.manage(f"local/bench-{number}", source, sdk="static", auto_deploy=True)
        hooks.append(person.post(f"/spaces/local/bench-{number}/hooks", {"provider": provider}))
    return hooks


async def _run(bench: Bench, port: int, *, seconds: int, rate: int) -> None:
    """Each at its moment: what waits for a slow one before it is late too, and counts as late."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Connection("127.0.0.1", port))
    began = time.perf_counter() + 0.1

    async def send(due: float, kind: str, hook: dict[str, Any], sent: Sent) -> None:
        connection = await free.get()
        status = await connection.post(urlsplit(hook["url"]).path, sent)
        bench.results.append(Result(kind, status, (time.perf_counter() - due) * 1000))
        free.put_nowait(connection)

    sending = []
    for number in range(seconds * rate):
        due = began + number / rate
        made = bench.next()
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        sending.append(asyncio.create_task(send(due, *made)))
    await asyncio.gather(*sending)


def _report(bench: Bench, person: Person, *, seconds: float, rate: int, cpu: float) -> int:
    print(f"\n{len(bench.results)} deliveries, {len(bench.results) / seconds:.0f} a second ({rate} asked for)")
    print(f"{'':18}{'count':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'most':>9}   ms from the moment it was due")
    for kind in (*MIX, "all"):
        times = sorted(each.milliseconds for each in bench.results if kind in (each.kind, "all"))
        shown = [times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99, 1)]
        print(f"{kind:18}{len(times):8}" + "".join(f"{value:9.1f}" for value in shown))
    refused = [each for each in bench.results if each.status != 202]
    lost = _stored(person) - len({(hook["id"], _key(sent)) for hook, sent in bench.sent})
    print(
        f"not answered 202: {len(refused)}; lost: {-lost}; processor time of the server: {cpu / seconds:.0%} of a core"
    )
    p99 = sorted(each.milliseconds for each in bench.results)[int(len(bench.results) * 0.99)]
    print(f"load of the machine before and now: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    broken = p99 > P99_MS or refused or lost
    print(f"p99 {p99:.1f} ms, promised {P99_MS:g} ms: {'BROKEN' if broken else 'kept'}")
    return 1 if broken else 0


def _key(sent: Sent) -> object:
    ids = ("x-github-delivery", "idempotency-key", "x-request-uuid", "x-gitea-delivery", "x-forgejo-delivery")
    return next((sent.headers[name] for name in ids if name in sent.headers), sent.body)


def _stored(person: Person) -> int:
    """All of them, page by page."""
    found, cursor = 0, None
    while True:
        page = person.get("/deliveries", limit=200, **({"cursor": cursor} if cursor else {}))
        found += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(main(*(given or (60, 200))))
