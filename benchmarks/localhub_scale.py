"""What a thousand Spaces cost one localhub: memory, and its own CPU time for one answer.

    PYTHONPATH=.:src python benchmarks/localhub_scale.py [SPACES] [BUILDS]

CPU time of the server per request, not time on the clock: another program on the machine does not change it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx
import psutil
from tests.localhub import crowd
from tests.localhub_server import LocalHub

ROUNDS, REQUESTS = 9, 20


def main(spaces: int, builds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        crowd.seed(Path(folder), spaces)
        hub = LocalHub(Path(folder), "--stub", "--api-quota", "1000000")
        try:
            crowd.settled(hub, "RUNNING")
            print(f"{spaces} static Spaces, all served")
            print(f"  memory of the process      {crowd.memory(hub):8.0f} MB")
            _answers(hub)
        finally:
            hub.stop()
    with tempfile.TemporaryDirectory() as folder:
        _builds(Path(folder), builds)


def _answers(hub: LocalHub) -> None:
    paths = {
        "listing": "/api/spaces",
        "listing with runtime": "/api/spaces?expand=runtime&expand=sdk",
        "full listing": "/api/spaces?full=true",
        "runtime of one": "/api/spaces/local/demo-7/runtime",
    }
    with hub.http() as client:
        for name, path in paths.items():
            cpu, clock = _cost(hub, lambda path=path: client.get(path).raise_for_status())
            print(f"  {name:26} {cpu:8.2f} ms of CPU {clock:8.2f} ms on the clock")


def _cost(hub: LocalHub, call: Callable[[], httpx.Response]) -> tuple[float, float]:
    process = psutil.Process(hub.pid)
    call()
    cpu, clock = [], []
    for _ in range(ROUNDS):
        before, began = process.cpu_times(), time.perf_counter()
        for _ in range(REQUESTS):
            call()
        clock.append((time.perf_counter() - began) / REQUESTS * 1000)
        after = process.cpu_times()
        cpu.append((after.user + after.system - before.user - before.system) / REQUESTS * 1000)
    return median(cpu), median(clock)


def _builds(folder: Path, builds: int) -> None:
    crowd.seed(folder, builds, sdk="docker", stage="BUILDING")
    began = time.perf_counter()
    hub = LocalHub(folder, "--stub", "--builds-at-once", "2")
    try:
        crowd.settled(hub, "RUNNING")
        print(f"{builds} builds queued at once, two at a time (nothing is built: --stub)")
        print(f"  until the last one serves  {time.perf_counter() - began:8.1f} s")
        print(f"  memory of the process      {crowd.memory(hub):8.0f} MB")
    finally:
        hub.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3] or ("1000", "500")))
