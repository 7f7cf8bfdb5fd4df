"""What a worker makes of whatever a step raises."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.integration.deployments.conftest import Bench

from spaceport import instance as instances
from spaceport.deployments.model import IfBusy
from spaceport.deployments.pipeline import PIPELINE
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.errors import Invalid, Unavailable
from spaceport.hub import BudgetSpent, HubFailure
from spaceport.instance import Instance
from spaceport.jobs.engine import Later
from spaceport.jobs.model import JobKind, JobStage
from spaceport.settings import Settings
from spaceport.worker import handlers

Run = Callable[..., Any]


@pytest.fixture
def instance(bench: Bench, tmp_path: Path) -> Instance:
    settings = Settings(_env_file=None, data_dir=tmp_path, hf_token="hf_secret", hf_endpoint="http://127.0.0.1:1")
    return instances.assemble(settings, bench.database)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as outside:
        yield outside


@pytest.fixture
def run(bench: Bench, instance: Instance, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a deployment's job, whose step raises `error`."""

    async def run(
        deployment_id: str, error: BaseException | type[BaseException] | None = None, *, aborted: bool = False
    ) -> None:
        async def step(_: Step) -> None:
            if error is not None:
                raise error

        if error is not None:
            monkeypatch.setitem(PIPELINE, JobKind.PUSH, step)
        job = bench.job(deployment_id)
        await handlers.handlers(instance, threads)[JobKind.PUSH](job.id, job.engine_id or 0, lambda: aborted)

    return run


async def test_a_step_that_ends_the_deployment_is_told_with_its_own_words(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    following = bench.request(IfBusy.WAIT)
    await run(deployment, Ended("lfs_pointers", "Because.", "Do this."))
    ended = bench.deployment(deployment)
    assert (ended.status, ended.reason_code, ended.reason, ended.fix) == (
        Status.FAILED,
        "lfs_pointers",
        "Because.",
        "Do this.",
    )
    assert bench.deployment(following).waiting_for is None


async def test_an_error_that_stays_ends_the_deployment(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    await run(deployment, Invalid("No.", code="ref_not_found", fix="Name another."))
    assert bench.deployment(deployment).reason_code == "ref_not_found"


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (HubFailure(503), 1),
        (HubFailure(429, "", 42.0), 42),
        (HubFailure(429, "", 90_000.0), 330),
        (HubFailure(0, "ReadTimeout"), 1),
        (Unavailable("Down.", code="database_unavailable", retry_after=5), 5),
    ],
    ids=["503", "429", "429 for a day", "no answer", "database"],
)
async def test_what_may_pass_is_tried_again_after_a_pause_that_obeys_the_hub(
    bench: Bench, run: Run, error: Exception, pause: int
) -> None:
    deployment = bench.request()
    with pytest.raises(Later) as later:
        await run(deployment, error)
    assert later.value.seconds == pause
    job = bench.job(deployment)
    assert (job.stage, job.failures, job.crashes) == (JobStage.SCHEDULING, 1, 0)
    assert bench.deployment(deployment).status is Status.QUEUED


async def test_what_never_passes_ends_when_the_budget_is_spent(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.sql("UPDATE job SET started_at = now() - interval '1 day'")
    await run(deployment, HubFailure(503))
    assert bench.deployment(deployment).status is Status.FAILED
    assert "The Hub does not answer properly" in (bench.deployment(deployment).reason or "")


async def test_waiting_for_the_quota_costs_nothing_of_the_time_budget_and_is_said(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.sql("UPDATE space SET budgets = '{\"push\": 60}'")
    for _ in range(3):
        with pytest.raises(Later) as later:
            await run(deployment, BudgetSpent(250))
        assert later.value.seconds == 250
    waiting = bench.deployment(deployment)
    assert (waiting.held_seconds, waiting.log_count) == (750, 3)


async def test_waiting_for_a_quota_that_never_comes_ends(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.sql("UPDATE space SET budgets = '{\"push\": 60}'")
    bench.sql("UPDATE job SET started_at = now() - interval '2 hours'")
    bench.sql("UPDATE deployment SET held_seconds = 3590")
    await run(deployment, BudgetSpent(250))
    ended = bench.deployment(deployment)
    assert (ended.status, ended.reason_code) == (Status.FAILED, "timed_out")
    assert "quota" in (ended.reason or "")


async def test_a_bug_of_ours_is_tried_again_and_then_owned_up_to(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    for _ in range(handlers.MAX_BUGS):
        with pytest.raises(Later):
            await run(deployment, ZeroDivisionError("x"))
    await run(deployment, ZeroDivisionError("x"))
    ended = bench.deployment(deployment)
    assert (ended.status, ended.reason_code) == (Status.FAILED, "internal_error")
    assert "Nothing is wrong with your source" in (ended.fix or "")


async def test_a_hub_account_that_lost_its_token_ends_the_deployment_and_says_so(
    bench: Bench, instance: Instance, threads: ThreadPoolExecutor
) -> None:
    bench.sql("UPDATE hub_account SET sealed_token = 'v1.none.x'")
    deployment = bench.request()
    job = bench.job(deployment)
    with pytest.raises(Later):
        await handlers.handlers(instance, threads)[JobKind.PUSH](job.id, job.engine_id or 0, lambda: False)
    assert "sealed with key" in (bench.job(deployment).message or "")
    bench.sql("UPDATE hub_account SET sealed_token = 'nonsense'")
    await handlers.handlers(instance, threads)[JobKind.PUSH](job.id, job.engine_id or 0, lambda: False)
    assert bench.deployment(deployment).reason_code == "sealed_value_damaged"


async def test_a_canceled_job_says_that_the_space_was_not_touched(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.held(deployment)
    bench.sql("UPDATE deployment SET cancel_requested_at = now()")
    await run(deployment)
    assert bench.deployment(deployment).status is Status.CANCELED
    assert bench.deployment(deployment).reason == "Canceled while queued. The Space was not touched."


async def test_a_push_that_was_killed_before_its_cancellation_does_not_claim_to_know(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.sql("UPDATE deployment SET status = 'pushing', cancel_requested_at = now()")
    await run(deployment)
    assert "may have left a commit" in (bench.deployment(deployment).reason or "")


async def test_a_canceled_build_names_the_commit_that_it_leaves(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.sql("UPDATE deployment SET status = 'building', hub_sha = :sha, cancel_requested_at = now()", sha="f" * 40)
    await run(deployment)
    assert "Commit fffffff is on the Space" in (bench.deployment(deployment).reason or "")


async def test_a_job_of_another_run_is_left_alone(bench: Bench, run: Run) -> None:
    deployment = bench.request()
    bench.end(deployment)
    await run(deployment, ZeroDivisionError())
    assert bench.deployment(deployment).reason_code == "x"


async def test_who_took_over_while_a_step_ran_is_named(bench: Bench, run: Run) -> None:
    """The row changed since the run began: what it knew then would call it a cancellation."""
    deployment = bench.request()
    newer: list[str] = []

    class TakenOver(asyncio.CancelledError):
        def __init__(self) -> None:
            bench.sql("UPDATE deployment SET status = 'building' WHERE id = :id", id=deployment)
            newer.append(bench.request(IfBusy.SUPERSEDE_RUNNING))
            super().__init__()

    await run(deployment, TakenOver, aborted=True)
    ended = bench.deployment(deployment)
    assert (ended.status, ended.superseded_by) == (Status.SUPERSEDED, newer[0])
