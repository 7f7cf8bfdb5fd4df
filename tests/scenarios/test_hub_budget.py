"""What a deployment costs of the Hub's quota, counted at the Hub."""

from collections import Counter
from itertools import accumulate, takewhile

import pytest
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

from spaceport.deployments.pipeline.build import _SAFETY_READS

MOST_CALLS = 12
# What one safety read costs: the read itself and opening the log stream again.
CALLS_OF_A_SAFETY_READ = 2


def cost(person: Person, hub: LocalHub, repo_id: str, **wanted: object) -> Counter[str]:
    last = max((call["number"] for call in hub.calls()), default=0)
    deployment = person.finished(person.deploy(repo_id, **wanted))
    assert deployment["status"] == "succeeded", deployment
    return Counter(f"{call['method']} {call['path']}" for call in hub.calls(after=last, path=repo_id))


def safety_reads(seconds: float) -> int:
    """Looks at the runtime during a build that takes so long while its log stream stays open."""
    return len(list(takewhile(lambda at: at < seconds, accumulate(_SAFETY_READS))))


@pytest.fixture
def manage(person: Person, repo_id: str):
    # One good probe is enough here: probes cost the Hub nothing.
    return lambda files, **wanted: person.manage(repo_id, person.upload(files), **wanted)


def test_a_first_deployment_a_redeployment_and_a_long_build_stay_within_the_budget(
    person: Person, hub: LocalHub, repo_id: str, manage
) -> None:
    manage(apps.example("hello-fastapi"), health={"path": "/health"})
    first = cost(person, hub, repo_id)
    changed = apps.example("hello-fastapi") | {"notes.txt": "changed"}
    again = cost(person, hub, repo_id, source=person.upload(changed))
    hub.fault(space=repo_id, build_delay=6)
    slow = cost(person, hub, repo_id, source=person.upload(changed | {"notes.txt": "changed again"}))

    for spent in (first, again, slow):
        assert sum(spent.values()) + CALLS_OF_A_SAFETY_READ * safety_reads(600) <= MOST_CALLS, spent
    # How often the runtime is read depends on how fast the app starts, not on the build.
    reads = f"GET /api/spaces/{repo_id}/runtime"
    assert {**slow, reads: 0} == {**again, reads: 0}


def test_a_static_site_stays_within_the_budget(person: Person, hub: LocalHub, repo_id: str, manage) -> None:
    manage(apps.example("static-site"), sdk="static")
    spent = cost(person, hub, repo_id)
    assert sum(spent.values()) <= MOST_CALLS, spent


def test_a_build_that_takes_ten_minutes_is_looked_at_once_and_an_hour_six_times() -> None:
    assert safety_reads(3600) <= 6
    assert safety_reads(600) == 1
