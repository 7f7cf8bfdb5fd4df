"""Taking a job, and proving with every write that it is still ours.

The engine fences nothing: a worker that was frozen and wakes up goes on beside its successor. Every run of a job
raises the deployment's `run_epoch`; a write with an older epoch raises Fenced and changes nothing.
"""

from dataclasses import dataclass

from sqlmodel import Session, select

from spaceport import clock
from spaceport.deployments import slot
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.stop import left
from spaceport.jobs.model import OPEN_STAGES, Job, JobStage
from spaceport.spaces.model import Space

MAX_CRASHES = 5


class Fenced(Exception):
    """This run of a job is not the current one; its writes are refused."""


@dataclass(frozen=True)
class Claim:
    """A run's right to write, and the rows as they were when it began."""

    job: Job
    deployment: Deployment
    space: Space
    epoch: int


def claim(session: Session, limits: Limits, job_id: str, engine_id: int) -> Claim | None:
    """Start a run of the job, or None when there is nothing (more) to do for this engine entry."""
    job = session.get(Job, job_id)
    if job is None:
        return None
    space = slot.lock(session, job.space_id)
    session.refresh(job, with_for_update={"key_share": True})
    deployment = session.get_one(
        Deployment, job.deployment_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if job.stage not in OPEN_STAGES or job.engine_id != engine_id or deployment.status.final:
        return None
    if job.stage == JobStage.RUNNING:
        job.crashes += 1
    if job.crashes > MAX_CRASHES:
        finish(
            session,
            limits,
            deployment,
            Ending(
                Status.FAILED,
                "worker_crashed",
                f"The worker died {job.crashes} times while running the {job.kind} job. {left(deployment)}",
                "Read the log of the Spaceport process; if this source makes it run out of memory, make it smaller.",
            ),
        )
        return None
    job.stage = JobStage.RUNNING
    job.started_at = job.started_at or clock.now()
    deployment.run_epoch += 1
    session.add_all([job, deployment])
    session.flush()
    return Claim(job, deployment, space, deployment.run_epoch)


def fenced(session: Session, held: Claim, *, ours: int | None = None) -> Deployment:
    """The deployment's row, locked, for a run that may still write. Raises Fenced.

    A final status that our own write numbered `ours` brought is no reason to refuse: its answer was lost.
    """
    slot.lock(session, held.space.id)
    statement = select(Deployment).where(Deployment.id == held.deployment.id).with_for_update(key_share=True)
    deployment = session.exec(statement).one()
    ended = deployment.status.final and deployment.version != ours
    if deployment.run_epoch != held.epoch or ended:
        raise Fenced(f"{held.deployment.id} is at epoch {deployment.run_epoch}, this run is {held.epoch}")
    return deployment


def complete(session: Session, held: Claim) -> None:
    """The job has done its part; the caller queues the next one in the same transaction."""
    job = session.get_one(Job, held.job.id)
    job.stage, job.finished_at = JobStage.COMPLETED, clock.now()
    session.add(job)


def put_back(session: Session, held: Claim, *, failed: str | None = None) -> int:
    """The job will run again; `failed` counts a failure and says which. Returns the failures so far."""
    fenced(session, held)
    job = session.get_one(Job, held.job.id)
    job.stage = JobStage.SCHEDULING
    if failed is not None:
        job.failures += 1
        job.message = failed
    session.add(job)
    return job.failures
