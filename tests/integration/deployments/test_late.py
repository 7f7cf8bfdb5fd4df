"""What is recorded of a commit that was on its way when its deployment was stopped."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.deployments.conftest import Bench

from spaceport import clock
from spaceport import instance as instances
from spaceport.deployments import late
from spaceport.deployments.finish import finish
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.deployments.step import Step
from spaceport.deployments.stop import COMMIT_ON_ITS_WAY, UNTOUCHED, stopped
from spaceport.hub import HubFailure
from spaceport.reconcile import observations
from spaceport.settings import Settings

SHA = "c" * 40


class Looks:
    """A Hub that finds this commit, or does not answer."""

    def __init__(self, found: str | HubFailure | None) -> None:
        self._found = found

    def find_commit(self, repo_id: str, marker: str) -> str | None:
        if isinstance(self._found, HubFailure):
            raise self._found
        return self._found


@pytest.fixture
def step(bench: Bench, tmp_path: Path) -> Iterator[Step]:
    """A push that was canceled while its commit was on its way, and has told so."""
    deployment = bench.request()
    held = bench.held(deployment)
    bench.sql("UPDATE deployment SET status = 'pushing'")
    settings = Settings(_env_file=None, data_dir=tmp_path)
    with ThreadPoolExecutor(1) as outside:
        made = Step(instances.assemble(settings, bench.database), held, outside)
        made.left = COMMIT_ON_ITS_WAY
        ending = stopped(bench.deployment(deployment), made.left)

        bench.write(held, lambda session, row: finish(session, bench.limits, row, ending))
        yield made


def settled(bench: Bench, step: Step, found: str | HubFailure | None = None) -> Deployment:
    step.hub = Looks(found)  # type: ignore[assignment]
    late.settle(step, COMMIT_ON_ITS_WAY)
    return bench.deployment(step.deployment.id)


def test_a_commit_that_arrived_is_named_and_counts_as_ours_from_the_end_on(bench: Bench, step: Step) -> None:
    step.landed, step.left = SHA, f"Commit {SHA[:7]} is on the Space."
    row = settled(bench, step)
    assert (row.status, row.hub_sha, row.pushed, row.pushed_at) == (Status.CANCELED, SHA, True, row.finished_at)
    assert row.reason == "Canceled while pushing. Commit ccccccc is on the Space."
    assert bench.events(row.id)[-1] == "deployment.settled"
    asked = clock.now() + timedelta(seconds=1)
    with bench.database.unit_of_work() as session:
        applied = session.execute(observations._APPLIED, {"ids": [bench.space_id], "asked_at": asked}).one()
    assert applied.sha == SHA


def test_a_commit_that_was_refused_left_the_space_untouched(bench: Bench, step: Step) -> None:
    step.left = UNTOUCHED
    row = settled(bench, step)
    assert (row.reason, row.hub_sha) == ("Canceled while pushing. The Space was not touched.", None)


def test_a_commit_whose_answer_was_lost_too_is_looked_for(bench: Bench, step: Step) -> None:
    assert settled(bench, step, SHA).hub_sha == SHA


@pytest.mark.parametrize("found", [None, HubFailure(503)], ids=["not there yet", "no answer"])
def test_what_stays_unknown_is_not_claimed(bench: Bench, step: Step, found: HubFailure | None) -> None:
    row = settled(bench, step, found)
    assert row.reason == f"Canceled while pushing. {COMMIT_ON_ITS_WAY}"
    assert bench.events(row.id)[-1] == "deployment.canceled"


def test_a_run_that_was_taken_over_records_nothing(bench: Bench, step: Step) -> None:
    bench.sql("UPDATE deployment SET run_epoch = run_epoch + 1")
    step.landed, step.left = SHA, "Commit ccccccc is on the Space."
    assert settled(bench, step).hub_sha is None
