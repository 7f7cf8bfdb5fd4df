"""One push, many spaces: a deployment for each in a handful of statements, however many there are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport.db import bulk
from spaceport.deployments import slot
from spaceport.deployments.commands import Initiator, supersede_queued
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.deployments.states import Status
from spaceport.events.record import record_many
from spaceport.spaces import gates
from spaceport.spaces.model import Space

_NUMBERS = text("""
    UPDATE space SET deployment_count = deployment_count + 1 WHERE id = ANY(:ids) RETURNING id, deployment_count
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment of a space that the caller has locked. `gate` is what it waits for to begin with."""

    space: Space
    source: Mapping[str, Any]
    gate: str


@dataclass(frozen=True, slots=True)
class Got:
    deployment_id: str
    number: int
    joined: bool


def fan_out(
    session: Session, limits: Limits, wanted: Sequence[Wanted], *, initiator: Initiator, trigger: str
) -> dict[str, Got]:
    """By space. A queued deployment of the same source has not fetched anything yet: it brings this push too.

    One that waits for approval is told the revision that is to be approved now. Others that are queued are
    superseded, as `commands.request` does it.
    """
    queued = _queued(session, [each.space.id for each in wanted])
    got: dict[str, Got] = {}
    for each in wanted:
        if joined := _join(each, queued[each.space.id], trigger):
            session.add(joined)
            got[each.space.id] = Got(joined.id, joined.number, joined=True)
    new = _insert(session, [each for each in wanted if each.space.id not in got], initiator, trigger)
    for deployment in new:
        got[deployment.space_id] = Got(deployment.id, deployment.number, joined=False)
        if queued[deployment.space_id]:
            supersede_queued(session, limits, deployment)
    if new:
        slot.hand_on(session, limits)
    return got


def _queued(session: Session, space_ids: list[str]) -> dict[str, list[Deployment]]:
    found: dict[str, list[Deployment]] = defaultdict(list)
    waiting = select(Deployment).where(col(Deployment.space_id).in_(space_ids), Deployment.status == Status.QUEUED)
    for deployment in session.exec(waiting.order_by(Deployment.id).with_for_update()):
        found[deployment.space_id].append(deployment)
    return found


def _join(wanted: Wanted, queued: list[Deployment], trigger: str) -> Deployment | None:
    for deployment in reversed(queued):
        if deployment.cancel_requested_at is not None:
            continue
        if wanted.gate == gates.APPROVAL and deployment.waiting_for == gates.APPROVAL and deployment.trigger == trigger:
            deployment.source = dict(wanted.source)
            return deployment
        if wanted.gate != gates.APPROVAL and deployment.source == wanted.source:
            return deployment
    return None


def _insert(session: Session, wanted: list[Wanted], initiator: Initiator, trigger: str) -> list[Deployment]:
    if not wanted:
        return []
    ids = [each.space.id for each in wanted]
    numbers = {row.id: row.deployment_count for row in session.execute(_NUMBERS, {"ids": ids}).all()}
    new = [
        Deployment(
            team_id=each.space.team_id,
            space_id=each.space.id,
            number=numbers[each.space.id],
            waiting_for=each.gate,
            trigger=trigger,
            initiator_type=initiator.type,
            initiator_id=initiator.id,
            initiator_name=initiator.name,
            source=dict(each.source),
        )
        for each in wanted
    ]
    bulk.insert(session, new)
    record_many(
        session,
        "deployment.queued",
        actor=initiator.id,
        about=[(each.team_id, each.space_id, each.id, {"number": each.number, "trigger": trigger}) for each in new],
    )
    return new
