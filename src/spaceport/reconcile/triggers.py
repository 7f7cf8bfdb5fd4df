"""Lost triggers: a branch that has moved although no delivery told us."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.deployments import commands, slot
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.errors import SpaceportError
from spaceport.events.record import record
from spaceport.instance import Instance
from spaceport.jobs.model import InitiatorType
from spaceport.reconcile import branches
from spaceport.reconcile.model import SourceWatch
from spaceport.sources import git, git_failures
from spaceport.sources.git_remote import Tip
from spaceport.spaces.model import Space
from spaceport.webhooks import lost

RECONCILER = Initiator(InitiatorType.SCHEDULED_JOB, "reconcile")
_MAX_TOKENS = 3

log = structlog.get_logger()

Cancelled = Callable[[], bool]


def check_next(instance: Instance, cancelled: Cancelled) -> bool:
    """Look at the repository that is due, if any; whether there was one."""
    with instance.database.unit_of_work() as session:
        watches = branches.claim(session)
    if watches:
        check(instance, watches, cancelled)
    return bool(watches)


def left_behind(newest: Deployment | None, head: str, moved_at: datetime) -> bool:
    """Whether nobody has asked for this head yet. Pure.

    A deployment that was asked for after the head was seen has covered it, whatever became of it: a revision
    that failed, was canceled or rolled back is not deployed again by itself.
    """
    if newest is None:
        return True
    return newest.status.final and newest.revision != head and newest.created_at < moved_at


def check(instance: Instance, watches: list[SourceWatch], cancelled: Cancelled) -> None:
    """Ask one repository where the watched refs stand, and deploy the spaces that were left behind."""
    with instance.database.unit_of_work() as session:
        followers = {watch.ref: _followers(session, watch) for watch in watches}
    try:
        tips = _resolve(instance, watches[0].url, followers, cancelled)
    except SpaceportError as error:
        for watch in watches:
            _unresolved(instance, watch, error)
        return
    for watch in watches:
        if (tip := tips[watch.ref or None]) is None:
            _unresolved(instance, watch, git_failures.ref_not_found(watch.ref or None))
        else:
            _found(instance, watch, followers[watch.ref], tip.revision, cancelled)


def _unresolved(instance: Instance, watch: SourceWatch, error: SpaceportError) -> None:
    log.info("branch.not_resolved", url=watch.url, ref=watch.ref, code=error.code)
    _note(instance, watch, failure=error.message)


def _found(instance: Instance, watch: SourceWatch, spaces: list[Space], head: str, cancelled: Cancelled) -> None:
    moved_at = _note(instance, watch, head=head)
    if moved_at is None:
        return
    for space in lost.concerned(instance, spaces, watch.ref, head, cancelled):
        try:
            _catch_up(instance, space, watch, head, moved_at)
        except SpaceportError as error:
            log.info("branch.not_deployed", space=space.repo_id, code=error.code)


def _followers(session: Session, watch: SourceWatch) -> list[Space]:
    statement = select(Space).where(Space.team_id == watch.team_id, col(Space.auto_deploy)).order_by(Space.id)
    return [space for space in session.exec(statement) if _follows(space, watch)]


def _resolve(
    instance: Instance, url: str, followers: Mapping[str, list[Space]], cancelled: Cancelled
) -> dict[str | None, Tip | None]:
    """Several spaces may have a token for it each, and one of them an old one."""
    tokens = {
        instance.sealer.open(space.sealed_source_token, context=space.source_token_context): None
        for spaces in followers.values()
        for space in spaces
        if space.sealed_source_token is not None
    }
    refs = [ref or None for ref in followers]
    *others, last = [*tokens][:_MAX_TOKENS] if tokens else [None]
    for token in others:
        try:
            return git.resolve_all(url, refs, token=token, policy=instance.egress, cancelled=cancelled)
        except SpaceportError as error:
            log.info("branch.token_refused", url=url, code=error.code)
    return git.resolve_all(url, refs, token=last, policy=instance.egress, cancelled=cancelled)


def _note(
    instance: Instance, watch: SourceWatch, *, head: str | None = None, failure: str | None = None
) -> datetime | None:
    """Keep what came of it; returns when this head was first seen, None when nobody follows the ref any more."""
    with instance.database.unit_of_work() as session:
        row = session.get(SourceWatch, (watch.team_id, watch.url, watch.ref), with_for_update={"key_share": True})
        if row is None:
            return None
        row.failure = failure
        if head is not None and row.head != head:
            row.head, row.moved_at = head, clock.now()
        session.add(row)
        return row.moved_at


def _catch_up(instance: Instance, space: Space, watch: SourceWatch, head: str, moved_at: datetime) -> None:
    with instance.database.unit_of_work() as session:
        space = slot.lock(session, space.id)
        newest = session.exec(
            select(Deployment).where(Deployment.space_id == space.id).order_by(col(Deployment.id).desc()).limit(1)
        ).first()
        source = space.source
        # Asked again under the lock: it may have been changed while the host was asked.
        if source is None or not _follows(space, watch) or not left_behind(newest, head, moved_at):
            return
        limits = Limits.of(instance.settings)
        deployment = commands.request(session, limits, space, source=source, initiator=RECONCILER, trigger="reconcile")
        record(
            session,
            "source.moved",
            team_id=space.team_id,
            actor=RECONCILER.id,
            space_id=space.id,
            deployment_id=deployment.id,
            ref=watch.ref or "the default branch",
            head=head,
            deployed=newest.revision if newest else None,
            reason="The branch has moved and no trigger said so.",
        )


def _follows(space: Space, watch: SourceWatch) -> bool:
    source = space.source or {}
    same = source.get("kind") == "git" and (source["url"], source["ref"] or "") == (watch.url, watch.ref)
    return same and space.auto_deploy and space.deleted_at is None
