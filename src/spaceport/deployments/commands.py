"""What people and triggers can ask of deployments. Each call works inside the caller's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.deployments import slot
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.history import note
from spaceport.deployments.model import ROLLBACK, Deployment, IfBusy
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.stop import left, stopped
from spaceport.errors import Conflict, NotFound
from spaceport.jobs import queue
from spaceport.jobs.model import OPEN_STAGES, InitiatorType, Job, JobStage
from spaceport.spaces import deploy_rules, gates
from spaceport.spaces.model import Space


@dataclass(frozen=True)
class Initiator:
    type: InitiatorType
    id: str
    name: str | None = None


def request(
    session: Session,
    limits: Limits,
    space: Space,
    *,
    source: dict[str, Any],
    initiator: Initiator,
    trigger: str = "api",
    if_busy: IfBusy = IfBusy.SUPERSEDE,
) -> Deployment:
    """Queue a deployment of the space.

    A rollback passes every gate: what it puts back had passed them.

    Raises Conflict `space_busy` when told to reject and the slot is taken, `space_locked` when the deploy rules lock
    the space, NotFound for a space dropped meanwhile.
    """
    space = slot.lock(session, space.id)
    if space.deleted_at is not None:
        raise NotFound(f"{space.repo_id} is not managed any more.", code="space_not_found")
    rules, now = deploy_rules.of(session, space), clock.now()
    puts_back = trigger == ROLLBACK
    if not puts_back:
        gates.require_unlocked(rules, now, space.repo_id)
    busy = slot.holder(session, space.id)
    if busy is not None and if_busy is IfBusy.REJECT:
        raise _busy(space, busy)
    space.deployment_count += 1
    deployment = Deployment(
        team_id=space.team_id,
        space_id=space.id,
        number=space.deployment_count,
        waiting_for=gates.SLOT if puts_back else gates.first(rules, now),
        trigger=trigger,
        initiator_type=initiator.type,
        initiator_id=initiator.id,
        initiator_name=initiator.name,
        source=source,
    )
    _make_way(session, limits, deployment, busy, if_busy)
    session.add(deployment)
    session.flush()
    note(session, deployment, "queued", actor=initiator.id, number=deployment.number, trigger=trigger)
    slot.hand_on(session, limits, held=space.id)
    return deployment


def _make_way(session: Session, limits: Limits, newer: Deployment, busy: Deployment | None, if_busy: IfBusy) -> None:
    """End what the newcomer takes the place of. One that waits at a gate stops nobody who runs."""
    if if_busy in (IfBusy.SUPERSEDE, IfBusy.SUPERSEDE_RUNNING):
        supersede_queued(session, limits, newer)
    stops = if_busy is IfBusy.SUPERSEDE_RUNNING and newer.waiting_for not in gates.GATES
    if busy is not None and stops and not busy.status.final:
        busy.superseded_by = newer.id
        _stop(session, limits, busy, actor=newer.initiator_id)


def cancel(session: Session, limits: Limits, deployment: Deployment, *, actor: str) -> None:
    """End a deployment that no worker is at; ask the worker of another to stop and say what it left.

    Raises Conflict `already_final` for one that has ended.
    """
    slot.lock(session, deployment.space_id)
    session.refresh(deployment, with_for_update={"key_share": True})
    status = deployment.status
    if status.final:
        raise Conflict(
            f"Deployment {deployment.id} has already {_ENDED[status]}.",
            code="already_final",
            fix="Nothing to cancel. Deploy an earlier revision to undo it.",
        )
    if status is Status.QUEUED:
        _abort_jobs(session, deployment)
        untouched = Ending(Status.CANCELED, "canceled", "Canceled before it started; the Space was not touched.")
        finish(session, limits, deployment, untouched, actor=actor)
    elif deployment.cancel_requested_at is None:
        _stop(session, limits, deployment, actor=actor)


def cancel_open(session: Session, limits: Limits, space: Space, *, actor: str) -> list[str]:
    """Cancel whatever of a space has not ended, and name it."""
    slot.lock(session, space.id)
    # Newest first: the one that holds the slot comes last, so that the slot never moves to another one.
    unended = (
        select(Deployment)
        .where(Deployment.space_id == space.id, col(Deployment.finished_at).is_(None))
        .order_by(col(Deployment.id).desc())
    )
    found = list(session.exec(unended))
    for deployment in found:
        cancel(session, limits, deployment, actor=actor)
    return [deployment.id for deployment in found]


def supersede_queued(session: Session, limits: Limits, newer: Deployment) -> None:
    """End the queued deployments before `newer`: behind a gate it ends only those that are behind one too."""
    # Newest first: the one that holds the slot ends last, so that the slot never moves to another old one.
    older = (
        select(Deployment)
        .where(
            Deployment.space_id == newer.space_id,
            Deployment.status == Status.QUEUED,
            Deployment.number < newer.number,
        )
        .order_by(col(Deployment.id).desc())
    )
    if newer.waiting_for in gates.GATES:
        older = older.where(col(Deployment.waiting_for).in_(gates.GATES))
    for deployment in session.exec(older.with_for_update(key_share=True)).all():
        deployment.superseded_by = newer.id
        _abort_jobs(session, deployment)
        reason = f"Deployment #{newer.number} was requested before this one had started."
        finish(session, limits, deployment, Ending(Status.SUPERSEDED, "superseded", reason))


_ENDED = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "been canceled",
    Status.SUPERSEDED: "been superseded",
}


def _busy(space: Space, holder: Deployment) -> Conflict:
    return Conflict(
        f"Deployment {holder.id} of {space.repo_id} is {holder.status}.",
        code="space_busy",
        fix="Wait for it or cancel it, or deploy with if_busy=wait or if_busy=supersede.",
        deployment_id=holder.id,
    )


def _stop(session: Session, limits: Limits, deployment: Deployment, *, actor: str) -> None:
    jobs = select(Job.id).where(Job.deployment_id == deployment.id, Job.stage == JobStage.RUNNING)
    running = session.exec(jobs).first() is not None
    deployment.cancel_requested_at = clock.now()
    session.add(deployment)
    _abort_jobs(session, deployment)
    note(session, deployment, "cancel_requested", actor=actor)
    if not running:
        # Between two runs: nobody would look before the next one, which may be minutes away.
        finish(session, limits, deployment, stopped(deployment, left(deployment)), actor=actor)


def _abort_jobs(session: Session, deployment: Deployment) -> None:
    # Locked before its engine entry, as a rescue does: in another order the two would wait for each other.
    for job in session.exec(select(Job).where(Job.deployment_id == deployment.id).with_for_update(key_share=True)):
        if job.stage in OPEN_STAGES:
            queue.abort(session, job)
