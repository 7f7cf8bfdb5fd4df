"""Stuck work: deployments that hold a space's slot although no job of theirs is open. Nothing should make any."""

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from spaceport.deployments import slot
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.model import HOLDS_SLOT, Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.events.record import record
from spaceport.jobs.model import Job, JobKind

MAX_LOST = 5

_STUCK = text(f"""
    SELECT id, space_id FROM deployment WHERE ({HOLDS_SLOT}) AND NOT EXISTS (
        SELECT FROM job WHERE job.deployment_id = deployment.id AND job.stage IN ('SCHEDULING', 'RUNNING')
    ) ORDER BY id
""")  # noqa: S608 - a constant of ours
_STILL = text("SELECT count(*) FROM job WHERE deployment_id = :id AND stage IN ('SCHEDULING', 'RUNNING')")
# Every job begins by looking, so that running it again costs a look.
_NEXT = {
    Status.QUEUED: JobKind.PUSH,
    Status.PUSHING: JobKind.PUSH,
    Status.BUILDING: JobKind.BUILD,
    Status.STARTING: JobKind.BUILD,
    Status.VERIFYING: JobKind.HEALTH_CHECK,
}


def found(session: Session) -> list[tuple[str, str]]:
    """(deployment, space) of every one."""
    return [(row.id, row.space_id) for row in session.execute(_STUCK).all()]


def unstick(session: Session, limits: Limits, deployment_id: str, space_id: str) -> bool:
    """Give the deployment its job again, or end it when that does not help; whether it was still stuck.

    One per transaction: who holds one space's lock must not wait for another's.
    """
    slot.lock(session, space_id)
    deployment = session.get_one(Deployment, deployment_id, with_for_update={"key_share": True})
    if deployment.status not in _NEXT or session.execute(_STILL, {"id": deployment_id}).scalar_one():
        return False
    _go_on(session, limits, deployment)
    return True


def _go_on(session: Session, limits: Limits, deployment: Deployment) -> None:
    kind = _NEXT[deployment.status]
    same = select(func.count()).where(col(Job.deployment_id) == deployment.id, col(Job.kind) == kind)
    if session.exec(same).one() >= MAX_LOST:
        reason = f"The {kind} job was lost {MAX_LOST} times while the deployment was {deployment.status}."
        fix = "Deploy again; if it happens again, report it with the log of the Spaceport process."
        finish(session, limits, deployment, Ending(Status.FAILED, "lost_job", reason, fix), actor="reconcile")
        return
    slot.enqueue(session, deployment, kind)
    record(
        session,
        "deployment.unstuck",
        team_id=deployment.team_id,
        space_id=deployment.space_id,
        deployment_id=deployment.id,
        actor="reconcile",
        status=deployment.status,
        job=kind,
    )
