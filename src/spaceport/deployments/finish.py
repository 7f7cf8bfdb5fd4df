"""Ending a deployment, once: the status, the reason, its open jobs, the event and the freed slot together."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.configuration import queries as configuration
from spaceport.deployments import slot
from spaceport.deployments.history import note
from spaceport.deployments.model import Deployment, Release
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status, transition
from spaceport.jobs.model import OPEN_STAGES, Job, JobStage
from spaceport.spaces import drift
from spaceport.spaces.model import Space

_STAGE = {
    Status.SUCCEEDED: JobStage.COMPLETED,
    Status.FAILED: JobStage.ERROR,
    Status.CANCELED: JobStage.CANCELED,
    Status.SUPERSEDED: JobStage.CANCELED,
}


@dataclass(frozen=True)
class Ending:
    """A final status with its explanation: a stable code, a sentence, and what to do next."""

    status: Status
    code: str
    reason: str
    fix: str = ""


def finish(session: Session, limits: Limits, deployment: Deployment, ending: Ending, *, actor: str = "worker") -> None:
    """Bring a deployment to a final status and hand its slot on."""
    deployment.status = transition(deployment.status, ending.status)
    deployment.reason_code, deployment.reason, deployment.fix = ending.code, ending.reason, ending.fix or None
    deployment.waiting_for = None
    deployment.finished_at = clock.now()
    session.add(deployment)
    _close_jobs(session, deployment, _STAGE[ending.status], ending.reason)
    if ending.status is Status.SUCCEEDED:
        _release(session, deployment)
    note(session, deployment, ending.status, actor=actor, **_facts(deployment))
    slot.hand_on(session, limits, held=deployment.space_id)


def _close_jobs(session: Session, deployment: Deployment, stage: JobStage, message: str) -> None:
    open_jobs = select(Job).where(Job.deployment_id == deployment.id, col(Job.stage).in_(OPEN_STAGES))
    for job in session.exec(open_jobs):
        job.stage, job.message, job.finished_at = stage, message, clock.now()
        session.add(job)


def _release(session: Session, deployment: Deployment) -> None:
    space = slot.lock(session, deployment.space_id)
    drift.resolve(session, space, drift.CODE)
    space.release_count += 1
    deployment.release = space.release_count
    assert deployment.hub_sha is not None
    session.add(
        Release(
            team_id=deployment.team_id,
            space_id=deployment.space_id,
            deployment_id=deployment.id,
            number=space.release_count,
            hub_sha=deployment.hub_sha,
            revision=deployment.revision or deployment.hub_sha,
            configuration=_configuration(space) | configuration.snapshot(session, space.id),
        )
    )


def _configuration(space: Space) -> dict[str, Any]:
    settings = {"sdk", "visibility", "hardware", "sleep_time", "source", "health", "budgets", "volumes"}
    return space.model_dump(mode="json", include=settings | {"pre_deploy_job", "post_deploy_job"})


def _facts(deployment: Deployment) -> dict[str, Any]:
    return deployment.model_dump(
        mode="json", include={"status", "reason_code", "reason", "fix", "hub_sha", "url", "release"}, exclude_none=True
    )
