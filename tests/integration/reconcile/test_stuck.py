"""Deployments that nothing is working on any more, made by hand because nothing else makes them."""

import pytest
from sqlmodel import select

from spaceport.deployments import slot
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.jobs.model import Job, JobKind, JobStage
from spaceport.reconcile import run, stuck


def jobs(bench, deployment):
    with bench.database.unit_of_work() as session:
        return list(session.exec(select(Job).where(Job.deployment_id == deployment.id)))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status.QUEUED, JobKind.PUSH),
        (Status.PUSHING, JobKind.PUSH),
        (Status.BUILDING, JobKind.BUILD),
        (Status.STARTING, JobKind.BUILD),
        (Status.VERIFYING, JobKind.HEALTH_CHECK),
    ],
)
def test_a_deployment_without_a_job_gets_it_again(bench, status, kind):
    space = bench.row("demo")
    deployment = bench.deployment(space, status)

    run._unstick(bench.instance)
    run._unstick(bench.instance)

    [job] = jobs(bench, deployment)
    assert (job.kind, job.stage, job.engine_id is not None) == (kind, JobStage.SCHEDULING, True)
    assert [event.kind for event in bench.events(space)] == ["deployment.unstuck"]


def test_a_deployment_that_loses_its_job_again_and_again_ends_with_the_reason(bench):
    space = bench.row("demo")
    deployment = bench.deployment(space, Status.BUILDING)
    for _ in range(stuck.MAX_LOST + 1):
        run._unstick(bench.instance)
        with bench.database.unit_of_work() as session:
            for job in session.exec(select(Job).where(Job.deployment_id == deployment.id)):
                job.stage = JobStage.COMPLETED
                session.add(job)

    [ended] = bench.deployments(space)
    assert (ended.status, ended.reason_code) == (Status.FAILED, "lost_job")
    assert ended.fix


def test_a_deployment_with_an_open_job_and_one_that_has_ended_are_left_alone(bench):
    working = bench.deployment(bench.row("one"), Status.BUILDING)
    with bench.database.unit_of_work() as session:
        slot.enqueue(session, session.merge(working), JobKind.BUILD)
    ended = bench.deployment(bench.row("two"), Status.FAILED)

    run._unstick(bench.instance)

    assert (len(jobs(bench, working)), jobs(bench, ended)) == (1, [])


def test_a_waiting_deployment_whose_slot_is_free_is_started(bench):
    waiting = bench.deployment(bench.row("demo"), Status.QUEUED, waiting_for="slot")

    run._unstick(bench.instance)
    assert jobs(bench, waiting) == []
    with bench.database.unit_of_work() as session:
        slot.hand_on(session, Limits())

    assert [job.kind for job in jobs(bench, waiting)] == [JobKind.PUSH]
