"""How fast the real server answers every page of the dashboard to a team with a thousand Spaces.

`make bench-pages`, or `python -m benchmarks.pages REQUESTS SPACES`. Ends with status 1 when the promise is broken.
"""

import os
import sys
import time

import httpx
from tests.browser import pages
from tests.many_spaces import fill, history
from tests.programs import folder, local_hub, serving
from tests.spaceport_server import Person, SpaceportServer

from spaceport.db.database import Database
from spaceport.db.embedded import Embedded
from spaceport.spaces.model import Space

P95_MS = 100.0
_WARM_UP = 5
# The list in other ways than the usual one.
LISTS = ("/?page=10", "/?q=many-77&show=running&sdk=docker", "/?sort=cost", "/?drifted=yes&sort=name")


def main(requests: int = 100, spaces: int = 1000) -> int:
    with folder() as home, local_hub(home) as hub, serving(home, hub, "--no-worker", STORYBOOK="true") as server:
        person = server.person()
        person.connect_hub()
        places = _prepare(server, person, spaces)
        print(f"{requests} requests one after another, {spaces} Spaces, load {os.getloadavg()[0]:.1f}\n")
        print("| page | median ms | 95 % ms | most ms | KB |\n| --- | ---: | ---: | ---: | ---: |")
        headers = {"Origin": server.url}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as browser:
            _sign_in(browser, person)
            asked = (*pages.OUTSIDE, *pages.INSIDE, *LISTS)
            p95 = {path: _measured(browser, path, path.format_map(places), requests) for path in asked}
    slowest = max(p95.values())
    print(f"\nslowest 95 %: {slowest:.1f} ms, promised {P95_MS:g} ms: {'BROKEN' if slowest > P95_MS else 'kept'}")
    return 1 if slowest > P95_MS else 0


def _prepare(server: SpaceportServer, person: Person, spaces: int) -> dict[str, str]:
    managed = person.manage("local/measured", {"kind": "space", "repo_id": "local/other"})
    database = Database(Embedded(server.folder).url, pool_size=1)
    with database.unit_of_work() as session:
        like = session.get_one(Space, managed["id"])
        live, failed = history(session, like, deployments=100, lines=1000)
        fill(session, like, spaces - 1)
        places = {"deployment": f"/deployments/{live.id}", "failed": f"/deployments/{failed.id}"}
    database.close()
    return places | pages.furnish(person, "local/measured")


def _sign_in(browser: httpx.Client, person: Person) -> None:
    answer = browser.post("/sign-in", data={"email": person.email, "password": person.password})
    assert answer.status_code == 303, answer.text


def _measured(browser: httpx.Client, page: str, path: str, requests: int) -> float:
    """Prints the page's line and returns what 95 of 100 requests took at most, in milliseconds."""
    times = []
    for number in range(_WARM_UP + requests):
        began = time.perf_counter()
        answer = browser.get(path)
        if number >= _WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    times.sort()
    p95 = times[int(len(times) * 0.95)]
    print(f"| `{page}` | {times[len(times) // 2]:.1f} | {p95:.1f} | {times[-1]:.1f} | {len(answer.content) // 1024} |")
    return p95


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:3])))
