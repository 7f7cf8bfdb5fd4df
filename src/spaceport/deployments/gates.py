"""Deployments that wait behind a gate: an admin's approval, or the end of a freeze. They hold no slot and no place."""

from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.deployments import slot
from spaceport.deployments.commands import supersede_queued
from spaceport.deployments.finish import Ending, finish
from spaceport.deployments.history import note
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.errors import Conflict
from spaceport.spaces import deploy_rules, gates


def approve(
    session: Session, limits: Limits, deployment: Deployment, *, actor: str, name: str, revision: str | None
) -> None:
    """Let it on; when a freeze holds, to its end.

    Raises Conflict `not_waiting_for_approval`, `revision_changed` when it is not about `revision` any more, and
    `space_locked`.
    """
    _require_waiting(session, deployment)
    ref = deployment.source.get("ref") or deployment.source.get("revision")
    if revision is not None and revision != ref:
        raise Conflict(
            f"Deployment {deployment.id} is about {ref} by now.",
            code="revision_changed",
            fix="Look at that revision, and approve it.",
        )
    space = slot.lock(session, deployment.space_id)
    rules, now = deploy_rules.of(session, space), clock.now()
    gates.require_unlocked(rules, now, space.repo_id)
    note(session, deployment, "approved", actor=actor, by=name, revision=ref)
    _open(session, limits, deployment, gates.first(rules, now, approved=True))


def reject(
    session: Session, limits: Limits, deployment: Deployment, *, actor: str, name: str, reason: str | None
) -> None:
    """End it. Raises Conflict `not_waiting_for_approval`."""
    _require_waiting(session, deployment)
    said = f"Rejected by {name}: {reason}" if reason else f"Rejected by {name}."
    ending = Ending(Status.CANCELED, "rejected", said, "Push a correction, or deploy again and have it approved.")
    finish(session, limits, deployment, ending, actor=actor)


def frozen(session: Session) -> list[str]:
    """The deployments that wait for the end of a freeze."""
    waiting = select(Deployment.id).where(Deployment.status == Status.QUEUED, Deployment.waiting_for == gates.FREEZE)
    return list(session.exec(waiting.order_by(col(Deployment.id))))


def thaw(session: Session, limits: Limits, deployment_id: str) -> bool:
    """Let a deployment on whose freeze is over, unless its space is locked; whether it was."""
    space = slot.lock(session, session.get_one(Deployment, deployment_id).space_id)
    deployment = session.get_one(Deployment, deployment_id, with_for_update={"key_share": True}, populate_existing=True)
    rules, now = deploy_rules.of(session, space), clock.now()
    waits = deployment.status is Status.QUEUED and deployment.waiting_for == gates.FREEZE
    if not waits or gates.locked(rules, now) or gates.frozen_until(rules, now):
        return False
    _open(session, limits, deployment, gates.SLOT)
    return True


def _require_waiting(session: Session, deployment: Deployment) -> None:
    slot.lock(session, deployment.space_id)
    session.refresh(deployment, with_for_update={"key_share": True})
    if deployment.status is not Status.QUEUED or deployment.waiting_for != gates.APPROVAL:
        raise Conflict(
            f"Deployment {deployment.id} does not wait for approval; it is {deployment.status}.",
            code="not_waiting_for_approval",
        )


def _open(session: Session, limits: Limits, deployment: Deployment, next_gate: str) -> None:
    deployment.waiting_for = next_gate
    session.add(deployment)
    session.flush()
    supersede_queued(session, limits, deployment)
    slot.hand_on(session, limits, held=deployment.space_id)
