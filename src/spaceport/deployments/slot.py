"""A space has one slot. Giving it, and handing it on in the same transaction in which it is freed."""

from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport.deployments.model import HOLDS_SLOT, Deployment
from spaceport.deployments.states import Status
from spaceport.jobs import queue
from spaceport.jobs.model import Job, JobKind
from spaceport.spaces.model import Space


def lock(session: Session, space_id: str) -> Space:
    """Serialise whatever is decided about one space until the transaction ends.

    Always taken before a deployment's row, so that two transactions never wait for each other. The weaker row
    lock lets others insert rows that refer to the space meanwhile.
    """
    statement = select(Space).where(Space.id == space_id).with_for_update(key_share=True)
    return session.exec(statement.execution_options(populate_existing=True)).one()


def holder(session: Session, space_id: str) -> Deployment | None:
    return session.exec(select(Deployment).where(Deployment.space_id == space_id, text(HOLDS_SLOT))).one_or_none()


def dispatch(session: Session, deployment: Deployment) -> None:
    """Give the slot: queue the deployment's first job."""
    deployment.waiting_for = None
    session.add(deployment)
    session.flush()
    enqueue(session, deployment, JobKind.PUSH)


def hand_on(session: Session, space_id: str) -> None:
    """The slot is free: the longest waiting deployment gets it."""
    session.flush()
    waiting = select(Deployment).where(
        Deployment.space_id == space_id, Deployment.status == Status.QUEUED, Deployment.waiting_for == "slot"
    )
    if holder(session, space_id) is None and (
        following := session.exec(waiting.order_by(col(Deployment.id)).limit(1)).first()
    ):
        dispatch(session, following)


def enqueue(session: Session, deployment: Deployment, kind: JobKind) -> Job:
    """The next job of a deployment, started by whoever started the deployment."""
    job = Job(
        team_id=deployment.team_id,
        space_id=deployment.space_id,
        deployment_id=deployment.id,
        kind=kind,
        initiator_type=deployment.initiator_type,
        initiator_id=deployment.initiator_id,
        initiator_name=deployment.initiator_name,
    )
    session.add(job)
    session.flush()
    queue.defer(session, job)
    return job
