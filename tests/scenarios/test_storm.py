"""A small storm, an outage and a poisonous job over real processes; `make chaos` runs the same at full size."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from tests.chaos import trials
from tests.chaos.client import Client
from tests.chaos.run import Storm, blow
from tests.chaos.world import world

# Another one is tried with CHAOS_SEED; a failure prints the storm with the seed that repeats it.
SEED = int(os.environ.get("CHAOS_SEED", "4"))
OUTAGE = 12.0
STORM = Storm(
    deployments=24,
    strikes=20,
    spaces=6,
    workers=3,
    replicas=2,
    hub_faults=12,
    database_restarts=2,
    database_freezes=1,
    seed=SEED,
)


@pytest.mark.timeout(400)
def test_a_storm_of_kills_freezes_and_outages_loses_nothing_sticks_nowhere_and_pushes_nothing_twice() -> None:
    said: list[str] = []
    verdict = blow(STORM, said.append)
    assert verdict.kept, f"{STORM}\n{verdict}"
    assert verdict.final == verdict.accepted == STORM.deployments


@pytest.mark.timeout(400)
def test_a_database_that_is_gone_is_said_and_waited_for_and_a_job_that_kills_its_workers_ends(home: Path) -> None:
    folder = home / "staged"
    folder.mkdir(mode=0o755)
    with (
        world(folder, workers=2, replicas=2) as scene,
        closing(Client(scene.replicas, lambda: None)) as client,
    ):
        gone = trials.outage(scene, client, OUTAGE)
        end = trials.poison(scene, client)
    assert gone.kept, gone
    assert (end["status"], end["reason_code"]) == ("failed", "worker_crashed")
    assert "died 6 times while running the push job" in end["reason"]
