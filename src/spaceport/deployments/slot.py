"""Who may run: one deployment per space, and so many per team and in all.

A space's slot, and a place within the limits, are handed on in the same transaction in which they are freed.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport.deployments.model import HOLDS_SLOT, Deployment
from spaceport.errors import Conflict
from spaceport.jobs import queue
from spaceport.jobs.model import Job, JobKind
from spaceport.settings import Settings
from spaceport.spaces import queries
from spaceport.spaces.model import Space

# Whatever is decided about a space is decided under its lock.
lock = queries.lock

_COUNT_LOCK = text("SELECT pg_advisory_xact_lock(78600002)")
# One whose pre-deploy job runs is not pushing for now.
_RUNNING = text(f"""
    SELECT team_id, count(*) AS running, count(*) FILTER (
        WHERE status IN ('queued', 'pushing') AND NOT EXISTS (
            SELECT FROM job WHERE job.deployment_id = deployment.id
                AND job.kind = 'pre-deploy' AND job.stage IN ('SCHEDULING', 'RUNNING')
        )
    ) AS pushing
    FROM deployment WHERE {HOLDS_SLOT} GROUP BY team_id
""")  # noqa: S608 - a constant of ours
# The longest waiting deployment of every space whose slot is free. Behind a gate one holds up nobody: see `gates`.
_WAITING = text(f"""
    SELECT DISTINCT ON (space_id) id, space_id, team_id, waiting_for FROM deployment waiting
    WHERE status = 'queued' AND waiting_for IN ('slot', 'limit')
      AND NOT EXISTS (SELECT FROM deployment WHERE space_id = waiting.space_id AND ({HOLDS_SLOT}))
    ORDER BY space_id, id
""")  # noqa: S608 - a constant of ours
# Rows that somebody is deciding about are skipped: that one may be waiting for the count lock, which we hold.
_HELD_BACK = text("""
    UPDATE deployment SET waiting_for = 'limit' WHERE id IN (
        SELECT id FROM deployment WHERE id = ANY(:ids) AND waiting_for = 'slot' FOR NO KEY UPDATE SKIP LOCKED
    )
""")


@dataclass(frozen=True)
class Limits:
    """How many deployments may run at once: `push` until the commit is made, `run` until the end."""

    push: int = 8
    run: int = 200
    team_push: int = 4
    team_run: int = 50

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        return cls(settings.push_limit, settings.run_limit, settings.team_push_limit, settings.team_run_limit)


def holder(session: Session, space_id: str) -> Deployment | None:
    holding = text(f"({HOLDS_SLOT})")  # in brackets: it holds an OR, and SQLAlchemy adds none
    return session.exec(select(Deployment).where(Deployment.space_id == space_id, holding)).one_or_none()


def require_free(session: Session, space_id: str) -> None:
    """For what would pull the Space from under a deployment. Raises Conflict `space_busy`, which names it."""
    lock(session, space_id)
    if busy := holder(session, space_id):
        raise Conflict(
            f"Deployment {busy.id} is {busy.status}.",
            code="space_busy",
            fix=f"Cancel it with POST /api/v1/deployments/{busy.id}/cancellation or wait for its end, then try again.",
            deployment_id=busy.id,
        )


def hand_on(session: Session, limits: Limits, *, held: str | None = None) -> None:
    """Start the deployments that may start now. `held` is the space whose lock the caller has.

    A space that another transaction is deciding about is passed over: that one hands on too, or the next
    sweep does.
    """
    session.flush()
    if session.execute(_WAITING).first() is None:
        return
    session.execute(_COUNT_LOCK)
    places = _Places(session, limits)
    held_back = []
    for row in sorted(session.execute(_WAITING).all(), key=lambda row: row.id):
        if not places.free(row.team_id):
            held_back.append(row.id)
        elif row.space_id == held or _try_lock(session, row.space_id):
            deployment = session.get_one(Deployment, row.id, populate_existing=True)
            if deployment.waiting_for is not None and holder(session, row.space_id) is None:
                _dispatch(session, deployment)
                places.take(row.team_id)
    if held_back:
        session.execute(_HELD_BACK, {"ids": held_back})


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


def _dispatch(session: Session, deployment: Deployment) -> None:
    """A queued deployment that waits for nothing holds the slot."""
    deployment.waiting_for = None
    session.add(deployment)
    session.flush()
    enqueue(session, deployment, JobKind.PUSH)


class _Places:
    """What is left within the limits; exact while the count lock is held."""

    def __init__(self, session: Session, limits: Limits) -> None:
        self._limits = limits
        self._pushing: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        for row in session.execute(_RUNNING).all():
            self._pushing[row.team_id], self._running[row.team_id] = row.pushing, row.running

    def free(self, team_id: str) -> bool:
        limits = self._limits
        return (
            self._pushing.total() < limits.push
            and self._running.total() < limits.run
            and self._pushing[team_id] < limits.team_push
            and self._running[team_id] < limits.team_run
        )

    def take(self, team_id: str) -> None:
        self._pushing[team_id] += 1
        self._running[team_id] += 1


def _try_lock(session: Session, space_id: str) -> bool:
    statement = select(Space.id).where(col(Space.id) == space_id).with_for_update(key_share=True, skip_locked=True)
    return session.exec(statement).first() is not None
