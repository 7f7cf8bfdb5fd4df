"""200 requests of every kind at the same time: none fails on our side, none waits for another for ever."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import httpx
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person, SpaceportServer, archive

REQUESTS = 200
STREAMS = 20
# Everything is answered by then, or something waits for something that never comes.
DEADLINE = 60

NAMED = re.compile(r"{(\w+)}")

Call = tuple[str, str, dict[str, Any]]


def reads(person: Person, spaces: list[str]) -> list[Call]:
    """Every GET route of the document that has an end and names nothing that these spaces have not, for every space."""
    routes = httpx.get(person.http.base_url.join("/openapi.json"), trust_env=False).json()["paths"]
    account = person.get("/hub-accounts")[0]["id"]
    team = person.get("/teams")[0]["id"]
    calls: list[Call] = []
    for space in spaces:
        owner, _, name = space.partition("/")
        deployment = person.get(f"/spaces/{space}/deployments")["items"][0]["id"]
        job = person.get("/jobs", deployment_id=deployment)["items"][0]["id"]
        values = {"owner": owner, "name": name, "deployment_id": deployment, "job_id": job}
        values |= {"account_id": account, "team_id": team}
        calls += [
            ("GET", path.format(**values), {})
            for path, operations in routes.items()
            if "get" in operations and set(NAMED.findall(path)) <= values.keys() and not endless(operations["get"])
        ]
    return calls


def endless(operation: dict[str, Any]) -> bool:
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def writes(hub: LocalHub, spaces: list[str]) -> Iterator[Call]:
    """Without end, each kind as often as the others."""
    form = {"username": "nobody@example.com", "password": "wrong horse"}
    for space in cycle(spaces):
        new = {"owner": "local", "name": f"many-{secrets.token_hex(4)}", "sdk": "static"}
        yield "POST", f"/api/v1/spaces/{space}/deployments", {"json": {"if_busy": "supersede"}}
        yield "POST", f"/api/v1/spaces/{space}/deployments", {"json": {"if_busy": "wait"}}
        yield "PATCH", f"/api/v1/spaces/{space}", {"json": {"health": {"path": "/"}}}
        yield "POST", "/api/v1/uploads", {"files": {"file": ("a.tar.gz", archive({"a": "b"}))}}
        yield "POST", "/api/v1/spaces", {"json": new}
        yield "POST", "/api/v1/hub-accounts", {"json": {"token": hub.token}}
        yield "POST", "/api/v1/auth/token", {"data": form}


async def answers(person: Person, calls: list[Call], streams: list[str]) -> tuple[Counter[str], list[int]]:
    limits = httpx.Limits(max_connections=None)
    base = str(person.http.base_url.join("/"))
    async with httpx.AsyncClient(
        base_url=base, headers=person.http.headers, trust_env=False, timeout=DEADLINE, limits=limits
    ) as client:
        opened = asyncio.Event()
        watching = [asyncio.create_task(watch(client, path, opened)) for path in streams]
        await asyncio.wait_for(opened.wait(), DEADLINE)
        async with asyncio.timeout(DEADLINE):
            found = await asyncio.gather(*(client.request(method, path, **body) for method, path, body in calls))
        for task in watching:
            task.cancel()
        statuses = [task.result() for task in watching if task.done() and not task.cancelled()]
        await asyncio.gather(*watching, return_exceptions=True)
    broken = [one for one in found if one.status_code >= 500]
    return Counter(f"{one.request.method} {one.request.url.path}: {one.text[:200]}" for one in broken), statuses


async def watch(client: httpx.AsyncClient, path: str, opened: asyncio.Event) -> int:
    async with client.stream("GET", path) as answer:
        opened.set()
        async for _ in answer.aiter_bytes():
            pass
        return answer.status_code


def test_200_requests_of_every_kind_at_once_are_all_answered(
    person: Person, spaceport: SpaceportServer, hub: LocalHub, repo_id: str
) -> None:
    spaces = [f"{repo_id}-{number}" for number in range(3)]
    source = person.upload(apps.example("static-site"))
    for space in spaces:
        person.manage(space, source, sdk="static")
    deployments = [person.deploy(space) for space in spaces]
    read = islice(cycle(reads(person, spaces)), REQUESTS // 2)
    calls = [*read, *islice(writes(hub, spaces), REQUESTS // 2)]
    already_logged = spaceport.log.stat().st_size
    streams = [f"/api/v1/deployments/{each['id']}/events" for each in islice(cycle(deployments), STREAMS)]

    failed, ended = asyncio.run(answers(person, calls, streams))

    assert not failed, f"{failed}\n{traceback(spaceport, already_logged)}"
    assert set(ended) <= {200}
    for space in spaces:
        newest = person.get(f"/spaces/{space}/deployments")["items"][0]
        assert person.finished(newest)["status"] == "succeeded"
    assert not traceback(spaceport, already_logged)


def traceback(spaceport: SpaceportServer, already_logged: int) -> str:
    """The first one that the server has logged since then, if any."""
    logged = spaceport.log.read_bytes()[already_logged:].decode()
    return logged[logged.index("Traceback") - 500 :][:12000] if "Traceback" in logged else ""
