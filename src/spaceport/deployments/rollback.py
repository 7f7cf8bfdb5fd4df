"""Putting the last good release back, after one that was already being served turned out to be bad.

By another deployment: its source is the Space's own history, so that it is pushed as one commit, watched and health-
checked like any other, and is on record as what it is.
"""

from dataclasses import replace

from sqlmodel import Session, col, select

from spaceport.deployments import commands, slot
from spaceport.deployments.commands import Initiator
from spaceport.deployments.finish import finish
from spaceport.deployments.model import ROLLBACK, Deployment, IfBusy, Release
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.sources.model import SpaceSource
from spaceport.spaces import gates


async def end(step: Step, failed: Ended) -> None:
    """End the deployment and queue the one that undoes it, in one transaction. Raises HubFailure."""
    head = await step.call(step.hub.head, step.repo_id)
    limits = Limits.of(step.instance.settings)

    def change(session: Session, deployment: Deployment) -> None:
        what = _put_back(session, limits, deployment, head.sha)
        ending = replace(failed.ending, reason=f"{failed.ending.reason} {what}")
        finish(session, limits, deployment, ending)

    await step.write(change)


def _put_back(session: Session, limits: Limits, deployment: Deployment, head: str | None) -> str:
    """Queue the rollback where there is reason to; returns what is done, or why nothing is."""
    commit = f"commit {(deployment.hub_sha or '')[:7]}"
    last = session.exec(
        select(Release).where(Release.space_id == deployment.space_id).order_by(col(Release.number).desc()).limit(1)
    ).first()
    if last is None:
        return f"There is no earlier release to put back: the Space goes on serving {commit}."
    if last.hub_sha == deployment.hub_sha:
        return f"Nothing was put back: {commit} is the last release, v{last.number}, itself."
    if head != deployment.hub_sha:
        return "Nothing was put back: somebody else has pushed to the Space since."
    if newer := _waiting(session, deployment):
        return f"Nothing was put back: deployment #{newer.number} was waiting and comes next."
    space = slot.lock(session, deployment.space_id)
    source = SpaceSource(repo_id=space.repo_id, revision=last.hub_sha)
    back = commands.request(
        session,
        limits,
        space,
        source=source.model_dump(mode="json"),
        initiator=Initiator(deployment.initiator_type, deployment.initiator_id, deployment.initiator_name),
        trigger=ROLLBACK,
        if_busy=IfBusy.WAIT,
    )
    deployment.rolled_back_by = back.id
    return f"Deployment #{back.number} puts the last good release, v{last.number}, back."


def _waiting(session: Session, deployment: Deployment) -> Deployment | None:
    """Newest of those that were asked for meanwhile and come next; one behind a gate may never."""
    queued = (
        Deployment.space_id == deployment.space_id,
        Deployment.status == Status.QUEUED,
        col(Deployment.waiting_for).not_in(gates.GATES),
    )
    return session.exec(select(Deployment).where(*queued).order_by(col(Deployment.id).desc()).limit(1)).first()
