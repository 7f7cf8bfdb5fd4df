"""Putting an earlier release back: one that somebody names, or the last good one after one that turned out to be bad
while it was being served.

By another deployment: its source is the Space's own history, so that it is pushed as one commit, watched and health-
checked like any other, and is on record as what it is.
"""

from dataclasses import replace

from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.deployments import commands, slot
from spaceport.deployments.commands import Initiator
from spaceport.deployments.finish import finish
from spaceport.deployments.model import ROLLBACK, Deployment, IfBusy, Release
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.errors import Conflict, NotFound
from spaceport.sources.model import SpaceSource
from spaceport.spaces import deploy_rules, gates
from spaceport.spaces.model import Space


def to(session: Session, limits: Limits, space: Space, release: Release, initiator: Initiator) -> Deployment:
    """Put a release of the space back because somebody asks for it: its files alone, not its configuration.

    Raises Conflict `space_locked` and `already_live`, and what `commands.request` raises.
    """
    space = slot.lock(session, space.id)
    gates.require_unlocked(deploy_rules.of(session, space), clock.now(), space.repo_id)
    if release.number == space.release_count:
        raise Conflict(
            f"v{release.number} is the live release of {space.repo_id} already.",
            code="already_live",
            fix="Choose an earlier one, or deploy the source again.",
        )
    return _request(session, limits, space, release, initiator, IfBusy.SUPERSEDE)


def release(session: Session, space: Space, number: int) -> Release:
    """Raises NotFound `release_not_found`."""
    found = session.exec(select(Release).where(Release.space_id == space.id, Release.number == number)).first()
    if found is None:
        raise NotFound(f"{space.repo_id} has no release v{number}.", code="release_not_found")
    return found


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
    initiator = Initiator(deployment.initiator_type, deployment.initiator_id, deployment.initiator_name)
    back = _request(session, limits, space, last, initiator, IfBusy.WAIT)
    deployment.rolled_back_by = back.id
    return f"Deployment #{back.number} puts the last good release, v{last.number}, back."


def _request(
    session: Session, limits: Limits, space: Space, wanted: Release, initiator: Initiator, if_busy: IfBusy
) -> Deployment:
    source = SpaceSource(repo_id=space.repo_id, revision=wanted.hub_sha).model_dump(mode="json")
    return commands.request(
        session, limits, space, source=source, initiator=initiator, trigger=ROLLBACK, if_busy=if_busy
    )


def _waiting(session: Session, deployment: Deployment) -> Deployment | None:
    """Newest of those that were asked for meanwhile and come next; one behind a gate may never."""
    queued = (
        Deployment.space_id == deployment.space_id,
        Deployment.status == Status.QUEUED,
        col(Deployment.waiting_for).not_in(gates.GATES),
    )
    return session.exec(select(Deployment).where(*queued).order_by(col(Deployment.id).desc()).limit(1)).first()
