"""A release phase against a real Hub: started once, found again, bounded, and stopped with its deployment."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.deployments.conftest import Bench
from tests.localhub_server import LocalHub

from spaceport.deployments import leftover, phases
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.hub import HubFailure
from spaceport.jobs.model import JobKind
from spaceport.spaces.model import Space
from spaceport.spaces.release_jobs import Phase

PRE = Phase.PRE_DEPLOY
REVISION = "r" * 40
LABEL = "spaceport-deployment"


def wants(bench: Bench, code: str, **wanted: Any) -> None:
    job = {"docker_image": "python:3.11", "command": ["python", "-c", code]} | wanted
    with bench.database.unit_of_work() as session:
        session.get_one(Space, bench.space_id).pre_deploy_job = job


def jobs(server: LocalHub, deployment_id: str) -> list[Any]:
    return list(server.api().list_jobs(labels={LABEL: deployment_id}, namespace="local"))


def lines(bench: Bench, deployment_id: str) -> list[str]:
    rows = bench.sql("SELECT line FROM log_line WHERE deployment_id = :id ORDER BY seq", id=deployment_id)
    return [row["line"] for row in rows]


async def until(condition: Callable[[], bool]) -> None:
    def wait() -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    await asyncio.to_thread(wait)


async def until_running(server: LocalHub, deployment_id: str) -> None:
    await until(lambda: any(job.status.stage == "RUNNING" for job in jobs(server, deployment_id)))


async def test_a_job_is_run_to_its_end_for_three_calls_and_its_log_is_the_deployments(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "import os; [print(k, os.environ[k]) for k in ('SPACEPORT_REVISION', 'SPACEPORT_SPACE', 'MINE')]")
    bench.sql("UPDATE space SET pre_deploy_job = jsonb_set(pre_deploy_job, '{environment}', '{\"MINE\": \"x\"}')")
    deployment = bench.request()
    last = max((call["number"] for call in server.calls()), default=0)
    await phases.run(step(deployment), PRE, REVISION, {"SPACEPORT_REVISION": REVISION})
    [call, *others] = [f"{call['method']} {call['path']}" for call in server.calls(after=last)]
    run = bench.deployment(deployment).release_runs[PRE]
    one = f"/api/jobs/local/{run.job_id}"
    assert (call, others) == ("POST /api/jobs/local", [f"GET {one}/logs", f"GET {one}"])
    assert (run.stage, run.url) == ("COMPLETED", f"{server.url}/jobs/local/{run.job_id}")
    said = lines(bench, deployment)
    assert [f"SPACEPORT_REVISION {REVISION}", "SPACEPORT_SPACE local/demo", "MINE x"] == said[-4:-1]
    assert said[-1] == f"Hub job {run.job_id} ended as COMPLETED."
    assert bench.events(deployment)[-2:] == ["deployment.release_job_started", "deployment.release_job_ended"]
    # Found out once: another run of the step asks nobody.
    last = max(call["number"] for call in server.calls())
    await phases.run(step(deployment), PRE, REVISION, {})
    assert server.calls(after=last) == []


async def test_without_a_job_nothing_happens_and_a_rollback_runs_none(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    deployment = bench.request()
    await phases.run(step(deployment), PRE, REVISION, {})
    wants(bench, "1")
    bench.sql("UPDATE deployment SET trigger = 'rollback'")
    await phases.run(step(deployment), PRE, REVISION, {})
    assert lines(bench, deployment) == []
    assert jobs(server, deployment) == []


async def test_a_job_that_fails_ends_the_deployment_with_its_own_words(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "print('one test failed'); raise SystemExit(3)")
    deployment = bench.request()
    for _ in range(2):
        with pytest.raises(Ended) as raised:
            await phases.run(step(deployment), PRE, REVISION, {})
        ending = raised.value.ending
        assert (ending.status, ending.code) == (Status.FAILED, "pre_deploy_failed")
        assert "exit code: 3" in ending.reason
        assert ending.reason.endswith("The Space was not touched.")
    assert "one test failed" in lines(bench, deployment)
    assert len(jobs(server, deployment)) == 1


async def test_a_job_that_the_hub_refuses_ends_the_deployment_with_the_hubs_sentence(
    bench: Bench, step: Callable[..., Step]
) -> None:
    wants(bench, "1", flavor="abacus")
    deployment = bench.request()
    with pytest.raises(Ended) as raised:
        await phases.run(step(deployment), PRE, REVISION, {})
    assert raised.value.ending.code == "pre_deploy_failed"
    assert "It said:" in raised.value.ending.reason


async def test_a_job_whose_answer_was_lost_is_found_and_not_started_twice(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "print('once')")
    deployment = bench.request()
    server.fault(method="POST", path="/api/jobs/local", drop="after", count=1)
    with pytest.raises(HubFailure):
        await phases.run(step(deployment), PRE, REVISION, {})
    await phases.run(step(deployment), PRE, REVISION, {})
    assert len(jobs(server, deployment)) == 1
    assert lines(bench, deployment).count("once") == 1


async def test_a_run_that_takes_over_goes_on_with_the_job_and_its_log(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "import time\nfor n in range(20): print('line', n, flush=True); time.sleep(0.1)")
    deployment = bench.request()
    killed = asyncio.create_task(phases.run(step(deployment), PRE, REVISION, {}))
    await until(lambda: "line 3" in lines(bench, deployment))
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await phases.run(step(deployment), PRE, REVISION, {})
    assert [line for line in lines(bench, deployment) if line.startswith("line ")] == [f"line {n}" for n in range(20)]
    assert len(jobs(server, deployment)) == 1


async def test_a_log_that_is_cut_is_read_again_without_repeating_a_line(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "for n in range(5): print('line', n)")
    deployment = bench.request()
    server.fault(method="GET", path="/logs", cut_after=3, count=1)
    await phases.run(step(deployment), PRE, REVISION, {})
    assert [line for line in lines(bench, deployment) if line.startswith("line ")] == [f"line {n}" for n in range(5)]


async def test_a_job_that_takes_longer_than_it_may_is_canceled(
    bench: Bench, server: LocalHub, step: Callable[..., Step]
) -> None:
    wants(bench, "import time; time.sleep(60)", timeout_seconds=600)
    deployment = bench.request()
    first = asyncio.create_task(phases.run(step(deployment), PRE, REVISION, {}))
    await until_running(server, deployment)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    longer_ago = "jsonb_set(release_jobs, '{pre-deploy,asked_at}', '\"2026-01-01T00:00:00Z\"')"
    bench.sql(f"UPDATE deployment SET release_jobs = {longer_ago}")
    with pytest.raises(Ended, match="longer than 600 seconds"):
        await phases.run(step(deployment), PRE, REVISION, {})
    assert [job.status.stage for job in jobs(server, deployment)] == ["CANCELED"]


@pytest.mark.parametrize("known", [True, False], ids=["known", "its answer was lost"])
async def test_a_deployment_that_ends_takes_its_job_with_it(
    bench: Bench, server: LocalHub, step: Callable[..., Step], known: bool
) -> None:
    wants(bench, "import time; time.sleep(60)")
    deployment = bench.request()
    running = step(deployment)
    task = asyncio.create_task(phases.run(running, PRE, REVISION, {}))
    await until_running(server, deployment)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if not known:
        bench.sql("UPDATE deployment SET release_jobs = jsonb_set(release_jobs, '{pre-deploy,job_id}', 'null')")
    account_of(bench, server)
    leftover.settle(running.instance, deployment)
    assert [job.status.stage for job in jobs(server, deployment)] == ["RUNNING"]
    bench.end(deployment, Status.CANCELED)
    # The Hub is away for a moment: the reconciler comes again.
    server.fault(path="/api/jobs/", status=503, count=1)
    leftover.settle(running.instance, deployment)
    with bench.database.unit_of_work() as session:
        assert leftover.found(session) == ([deployment] if known else [])
    bench.sql("UPDATE deployment SET finished_at = now() - interval '2 minutes'")
    with bench.database.unit_of_work() as session:
        assert leftover.found(session) == [deployment]
    for _ in range(2):
        leftover.settle(running.instance, deployment)
    [job] = jobs(server, deployment)
    ended = bench.deployment(deployment)
    assert job.status.stage == "CANCELED"
    assert ended.reason == f"Because. Its pre-deploy job {job.id} ended as CANCELED."
    with bench.database.unit_of_work() as session:
        assert leftover.found(session) == []


def account_of(bench: Bench, server: LocalHub) -> None:
    """The one of the environment, at this Hub."""
    bench.sql("UPDATE hub_account SET endpoint = :url, origin = 'environment'", url=server.url)


async def test_a_deployment_whose_job_runs_takes_no_place_among_those_that_push(
    bench: Bench, step: Callable[..., Step]
) -> None:
    bench.limits = Limits(push=1)
    first = bench.request()
    other = bench.request(space_id=bench.space("other"))
    assert (bench.deployment(other).waiting_for, bench.kinds(other)) == ("limit", [])
    wants(bench, "1")
    running = step(first)
    await running.advance(Status.PUSHING)
    await running.hand_to(JobKind.PRE_DEPLOY)
    assert bench.kinds(first) == [JobKind.PUSH, JobKind.PRE_DEPLOY]
    assert bench.kinds(other) == [JobKind.PUSH]
    assert bench.deployment(first).status is Status.PUSHING
