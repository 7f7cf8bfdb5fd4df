"""Which run of a job may write, and what becomes of runs whose worker died."""

import pytest
from sqlmodel import Session
from tests.integration.deployments.conftest import Bench

from spaceport.deployments import claim as claims
from spaceport.deployments.claim import MAX_CRASHES, Claim, Fenced
from spaceport.deployments.model import Deployment, IfBusy
from spaceport.deployments.states import Status
from spaceport.jobs import queue
from spaceport.jobs.model import JobKind, JobStage

SILENCE = 8.0


def revise(_: Session, deployment: Deployment) -> None:
    deployment.revision = "written"


def rescue(bench: Bench) -> list[str]:
    with bench.database.unit_of_work() as session:
        return queue.rescue(session, silence=SILENCE)


def put_back(bench: Bench, held: Claim, failed: str | None = None) -> int:
    with bench.database.unit_of_work() as session:
        return claims.put_back(session, held, failed=failed)


def taken(bench: Bench, deployment_id: str, *, heartbeat: str = "0 seconds") -> Claim:
    """As the engine leaves it when a worker has fetched the entry, and the worker when it has claimed the job."""
    (worker,) = bench.sql(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - CAST(:ago AS interval)) RETURNING id",
        ago=heartbeat,
    )
    bench.sql(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE id = :id",
        worker=worker["id"],
        id=bench.job(deployment_id).engine_id,
    )
    return bench.held(deployment_id)


def test_a_claim_starts_the_job_and_raises_the_epoch(bench: Bench) -> None:
    deployment = bench.request()
    held = bench.held(deployment)
    assert held.epoch == 1
    job = bench.job(deployment)
    assert job.stage is JobStage.RUNNING
    assert job.started_at is not None


@pytest.mark.parametrize("entry", [0, -1, 10**9])
def test_another_engine_entry_than_the_jobs_own_does_nothing(bench: Bench, entry: int) -> None:
    deployment = bench.request()
    assert bench.claim_entry(bench.job(deployment).id, entry) is None
    assert bench.claim_entry("job_unknown", 1) is None
    assert bench.deployment(deployment).run_epoch == 0


def test_what_has_ended_is_not_run(bench: Bench) -> None:
    deployment = bench.request()
    bench.cancel(deployment)
    assert bench.claim(deployment) is None


def test_a_run_that_was_taken_over_writes_nothing(bench: Bench) -> None:
    deployment = bench.request()
    ghost = bench.held(deployment)
    held = bench.held(deployment)
    assert held.epoch == ghost.epoch + 1
    for attempt in (lambda: bench.write(ghost, revise), lambda: put_back(bench, ghost, "late")):
        with pytest.raises(Fenced):
            attempt()
    assert bench.deployment(deployment).revision is None
    assert bench.job(deployment).failures == 0
    bench.write(held, revise)
    assert bench.deployment(deployment).revision == "written"


def test_a_run_cannot_write_after_the_end(bench: Bench) -> None:
    deployment = bench.request()
    held = bench.held(deployment)
    bench.cancel(deployment)
    with pytest.raises(Fenced):
        bench.write(held, revise)


def test_a_job_that_was_put_back_counts_failures_and_no_crash(bench: Bench) -> None:
    deployment = bench.request()
    assert [put_back(bench, bench.held(deployment), f"failure {number}") for number in (1, 2)] == [1, 2]
    assert put_back(bench, bench.held(deployment)) == 2
    job = bench.job(deployment)
    assert (job.stage, job.failures, job.crashes, job.message) == (JobStage.SCHEDULING, 2, 0, "failure 2")


def test_a_job_that_kills_its_worker_again_and_again_ends_and_frees_the_slot(bench: Bench) -> None:
    deployment = bench.request()
    following = bench.request(IfBusy.WAIT)
    runs = [bench.claim(deployment) for _ in range(MAX_CRASHES + 2)]
    assert runs[-1] is None
    assert None not in runs[:-1]
    ended = bench.deployment(deployment)
    assert (ended.status, ended.reason_code) == (Status.FAILED, "worker_crashed")
    assert f"died {MAX_CRASHES + 1} times" in (ended.reason or "")
    assert bench.job(deployment).stage is JobStage.ERROR
    assert bench.deployment(following).waiting_for is None


def test_a_job_that_waits_or_runs_well_is_left_alone(bench: Bench) -> None:
    bench.request()
    assert rescue(bench) == []
    other = bench.request(space_id=bench.space("other"))
    taken(bench, other)
    assert rescue(bench) == []


def test_the_job_of_a_silent_worker_gets_a_new_entry_and_the_old_run_is_fenced_off(bench: Bench) -> None:
    deployment = bench.request()
    ghost = taken(bench, deployment, heartbeat="9 seconds")
    old = bench.job(deployment).engine_id
    assert rescue(bench) == [bench.job(deployment).id]
    assert bench.engine(old)["status"] == "failed"
    assert bench.engine(bench.job(deployment).engine_id)["status"] == "todo"
    assert bench.claim_entry(ghost.job.id, old or 0) is None
    bench.held(deployment)
    with pytest.raises(Fenced):
        bench.write(ghost)
    assert bench.job(deployment).crashes == 1
    assert rescue(bench) == []


def test_the_job_of_a_worker_that_was_forgotten_is_rescued(bench: Bench) -> None:
    deployment = bench.request()
    taken(bench, deployment)
    bench.sql("DELETE FROM procrastinate_workers")
    assert rescue(bench) == [bench.job(deployment).id]


@pytest.mark.parametrize("status", ["failed", "aborted", "cancelled", "succeeded"])
def test_an_open_job_whose_entry_has_ended_is_rescued(bench: Bench, status: str) -> None:
    deployment = bench.request()
    bench.sql("UPDATE procrastinate_jobs SET status = CAST(:s AS procrastinate_job_status)", s=status)
    assert rescue(bench) == [bench.job(deployment).id]
    assert bench.claim(deployment) is not None


def test_an_open_job_whose_entry_is_gone_is_rescued(bench: Bench) -> None:
    deployment = bench.request()
    bench.sql("DELETE FROM procrastinate_jobs")
    assert rescue(bench) == [bench.job(deployment).id]


def test_a_cancellation_outlives_the_worker_that_was_told_of_it(bench: Bench) -> None:
    deployment = bench.request()
    taken(bench, deployment, heartbeat="9 seconds")
    bench.advance(deployment, to=Status.PUSHING)
    bench.cancel(deployment)
    assert bench.engine(bench.job(deployment).engine_id)["abort_requested"]
    assert rescue(bench) == [bench.job(deployment).id]
    assert not bench.engine(bench.job(deployment).engine_id)["abort_requested"]
    assert bench.held(deployment).deployment.cancel_requested_at is not None


def test_finished_jobs_are_never_rescued(bench: Bench) -> None:
    deployment = bench.request()
    bench.held(deployment)
    bench.end(deployment)
    bench.sql("UPDATE procrastinate_jobs SET status = 'failed'")
    assert rescue(bench) == []


def test_a_release_is_made_once_with_the_configuration_that_went_live(bench: Bench) -> None:
    for number in (1, 2):
        deployment = bench.request()
        bench.advance(deployment, to=Status.VERIFYING)
        bench.end(deployment, Status.SUCCEEDED)
        assert bench.deployment(deployment).release == number
    rows = bench.sql("SELECT number, hub_sha, configuration FROM release ORDER BY number")
    assert [row["number"] for row in rows] == [1, 2]
    assert rows[0]["configuration"]["sdk"] == "docker"
    assert "token" not in str(rows)
    assert bench.kinds(deployment) == [JobKind.PUSH]
