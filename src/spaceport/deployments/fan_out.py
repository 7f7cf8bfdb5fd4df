"""One push, many spaces: a deployment for each in a handful of statements, however many there are."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from spaceport.db import bulk
from spaceport.deployments import slot
from spaceport.deployments.commands import Initiator, supersede_queued
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.events.record import record_many
from spaceport.spaces import gates

_QUEUED = text("""
    SELECT id, space_id, number, source, waiting_for, trigger FROM deployment
    WHERE space_id = ANY(:ids) AND status = 'queued' ORDER BY id FOR NO KEY UPDATE
""")
_ABOUT = text("UPDATE deployment SET source = CAST(:source AS jsonb) WHERE id = :id")
_NUMBERS = text("""
    UPDATE space SET deployment_count = deployment_count + 1 WHERE id = ANY(:ids) RETURNING id, deployment_count
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment of a space that the caller has locked. `gate` is what it waits for to begin with."""

    space_id: str
    team_id: str
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
    queued = _queued(session, [each.space_id for each in wanted])
    got: dict[str, Got] = {}
    for each in wanted:
        if joined := _join(session, each, queued[each.space_id], trigger):
            got[each.space_id] = Got(joined.id, joined.number, joined=True)
    new = _insert(session, [each for each in wanted if each.space_id not in got], initiator, trigger)
    for deployment in new:
        got[deployment.space_id] = Got(deployment.id, deployment.number, joined=False)
        if queued[deployment.space_id]:
            supersede_queued(session, limits, deployment)
    if new:
        slot.hand_on(session, limits)
    return got


class _Queued(NamedTuple):
    id: str
    space_id: str
    number: int
    source: Mapping[str, Any]
    waiting_for: str | None
    trigger: str


def _queued(session: Session, space_ids: list[str]) -> dict[str, list[_Queued]]:
    found: dict[str, list[_Queued]] = defaultdict(list)
    for row in session.execute(_QUEUED, {"ids": space_ids}).all():
        found[row.space_id].append(_Queued(*row))
    return found


def _join(session: Session, wanted: Wanted, queued: list[_Queued], trigger: str) -> _Queued | None:
    row: _Queued
    for row in reversed(queued):
        if wanted.gate == gates.APPROVAL and row.waiting_for == gates.APPROVAL and row.trigger == trigger:
            session.execute(_ABOUT, {"id": row.id, "source": json.dumps(dict(wanted.source))})
            return row
        if wanted.gate != gates.APPROVAL and row.source == wanted.source:
            return row
    return None


def _insert(session: Session, wanted: list[Wanted], initiator: Initiator, trigger: str) -> list[Deployment]:
    if not wanted:
        return []
    ids = [each.space_id for each in wanted]
    numbers = {row.id: row.deployment_count for row in session.execute(_NUMBERS, {"ids": ids}).all()}
    new = [
        Deployment(
            team_id=each.team_id,
            space_id=each.space_id,
            number=numbers[each.space_id],
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
