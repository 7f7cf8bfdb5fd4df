"""The storm: a seeded sequence of deployments and misfortunes, then quiet, then the count.

python -m tests.chaos --deployments 500 --strikes 1000 --spaces 20 --workers 3 --seed 1
"""

import random
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.client import Client
from tests.chaos.recovery import Recovery
from tests.chaos.verdict import Verdict, judge
from tests.chaos.world import World, world

# Every way in which a Hub route fails, at every route a deployment uses.
_HUB_ROUTES = ("/api/spaces/[^/]+/[^/]+$", "/tree/", "/validate-yaml", "/preupload/", "/commit/", "/runtime", "/logs/")
_HUB_FAULTS: tuple[dict[str, object], ...] = (
    {"status": 500},
    {"status": 503, "headers": {"Retry-After": "1"}},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"drop": "before"},
    {"drop": "after"},
    {"delay": 2.0},
    {"cut_after": 2},
)
# A stop, a crash that is noticed, and one that is not.
_DATABASE_ENDS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)


@dataclass(frozen=True)
class Storm:
    """How hard it blows. `strikes` are kills and freezes; `database_restarts` come on top."""

    deployments: int
    strikes: int
    spaces: int
    workers: int
    seed: int
    replicas: int = 2
    hub_faults: int = 0
    database_restarts: int = 0
    database_freezes: int = 0
    # Seconds between two strikes: long enough for a program to have come up, or nothing would ever be hit.
    every: float = 1.0
    quiet: float = 240.0


@dataclass
class _Course:
    """The storm's sequence of actions, drawn from the seed before it begins."""

    storm: Storm
    actions: list[str] = field(init=False)

    def __post_init__(self) -> None:
        storm = self.storm
        self.actions = (
            ["strike"] * storm.strikes
            + ["deploy"] * storm.deployments
            + ["hub_fault"] * storm.hub_faults
            + ["restart_database"] * storm.database_restarts
            + ["freeze_database"] * storm.database_freezes
        )
        random.Random(storm.seed).shuffle(self.actions)


def blow(storm: Storm, say: Callable[[str], None] = print) -> Verdict:
    """Run the storm and count what became of every accepted deployment."""
    with tempfile.TemporaryDirectory(prefix="spaceport-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (
            world(folder, workers=storm.workers, replicas=storm.replicas) as scene,
            closing(Client(scene.replicas, scene.thaw)) as client,
            closing(Recovery(scene.postgres.url)) as recovery,
        ):
            for number in range(storm.spaces):
                client.manage(f"space-{number}")
            accepted = _act(storm, scene, client, recovery, say)
            _calm(scene)
            _wait_until_quiet(storm, recovery)
            return judge(scene, accepted, recovery)


def _act(storm: Storm, scene: World, client: Client, recovery: Recovery, say: Callable[[str], None]) -> dict[str, str]:
    """Deployment id → repository, for every one that the API accepted."""
    dice = random.Random(storm.seed + 1)
    accepted: dict[str, str] = {}
    next_strike = time.monotonic()
    for step, action in enumerate(_Course(storm).actions):
        if action == "deploy":
            name = f"space-{dice.randrange(storm.spaces)}"
            accepted[client.deploy(name, step, f"chaos-{storm.seed}-{step}")] = f"local/{name}"
        elif action == "strike":
            next_strike = _strike(storm, scene, dice, next_strike, recovery)
        elif action == "hub_fault":
            scene.hub.fault(path=dice.choice(_HUB_ROUTES), count=dice.randint(1, 3), **dice.choice(_HUB_FAULTS))
        elif action == "restart_database":
            scene.restart_database(dice.choice(_DATABASE_ENDS))
        else:
            scene.freeze_database(dice.uniform(1, 6))
        recovery.look()
        scene.thaw()
        if step % 50 == 49:
            say(f"{step + 1} actions, {len(accepted)} deployments accepted")
    return accepted


def _strike(storm: Storm, scene: World, dice: random.Random, not_before: float, recovery: Recovery) -> float:
    while (left := not_before - time.monotonic()) > 0:
        recovery.look()
        scene.thaw()
        time.sleep(min(left, 0.1))
    program = scene.some_program(dice)
    if dice.random() < 0.3:
        program.freeze(dice.uniform(2, 20))
    else:
        program.kill()
    return time.monotonic() + dice.uniform(0.2, 2) * storm.every


def _calm(scene: World) -> None:
    scene.hub.clear_faults()
    for program in scene.programs:
        program.thaw(now=True)


def _wait_until_quiet(storm: Storm, recovery: Recovery) -> None:
    deadline = time.monotonic() + storm.quiet
    while recovery.look() and time.monotonic() < deadline:
        time.sleep(0.2)
