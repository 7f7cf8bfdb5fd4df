"""The list of spaces in one statement, however many there are."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.costs import forecast
from spaceport.fleet.model import DeploymentLine, ReleaseLine, Sort, SpaceListed, Verdict
from spaceport.hub.model import ERROR_STAGES, IDLE_STAGES
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space


@dataclass(frozen=True)
class Wanted:
    """Each filter narrows the list. `q` is a part of owner/name."""

    q: str | None = None
    team_id: str | None = None
    owner: str | None = None
    sdk: str | None = None
    visibility: str | None = None
    hardware: str | None = None
    stage: str | None = None
    verdict: str | None = None
    status: str | None = None
    drifted: bool | None = None


_WHERE = {
    "q": "strpos(lower(space.owner || '/' || space.name), lower(:q)) > 0",
    "team_id": "space.team_id = :team_id",
    "owner": "lower(space.owner) = lower(:owner)",
    "sdk": "space.sdk = :sdk",
    "visibility": "space.visibility = :visibility",
    "hardware": "coalesce(observation.hardware, observation.requested_hardware, space.hardware) = :hardware",
    "stage": "observation.stage = upper(:stage)",
    "verdict": "verdict.verdict = :verdict",
    "status": "last.status = :status",
    "drifted": "(space.drift <> '[]') = :drifted",
}
# What is sorted by, and how it stands to the last line of the page before.
_SORTS = {
    Sort.CREATED: ("space.id", "<"),
    Sort.DEPLOYED: ("coalesce(last.id, '')", "<"),
    Sort.NAME: ("lower(space.owner || '/' || space.name)", ">"),
}
_FROM = """
    FROM space
    LEFT JOIN observation ON observation.space_id = space.id
    LEFT JOIN LATERAL (SELECT * FROM release WHERE space_id = space.id ORDER BY number DESC LIMIT 1) release ON true
    LEFT JOIN LATERAL (SELECT * FROM deployment WHERE space_id = space.id ORDER BY id DESC LIMIT 1) last ON true
    CROSS JOIN LATERAL (SELECT CASE
        WHEN observation.stage = 'RUNNING' AND release.hub_sha = coalesce(observation.runtime_sha, observation.hub_sha)
            THEN 'healthy'
        WHEN observation.stage = ANY(:error_stages) THEN 'unhealthy'
        WHEN observation.stage = ANY(:idle_stages) THEN 'asleep'
        ELSE 'unknown' END AS verdict) verdict
"""
_COLUMNS = """
    SELECT space.id, observation.stage, observation.observed_at, verdict.verdict,
        coalesce(observation.hardware, observation.requested_hardware) AS hardware,
        release.number AS release_number, release.deployment_id AS release_deployment_id,
        release.hub_sha AS release_hub_sha, release.revision AS release_revision,
        release.created_at AS release_created_at,
        last.id AS last_id, last.number AS last_number, last.status AS last_status,
        last.reason_code AS last_reason_code, last.created_at AS last_created_at, last.finished_at AS last_finished_at,
        (SELECT coalesce(sum(micro_usd), 0) FROM space_usage
         WHERE space_id = space.id AND day >= :first_day) AS micro_usd
"""
_MINE = "space.deleted_at IS NULL AND space.team_id = ANY(:team_ids)"


def page(
    session: Session, caller: Caller, wanted: Wanted, *, sort: Sort, after: str | None, limit: int
) -> list[SpaceListed]:
    """`after` is the last space of the page before."""
    by, order = _SORTS[sort]
    given = {each.name: value for each in fields(wanted) if (value := getattr(wanted, each.name)) is not None}
    where = [_MINE, *(_WHERE[name] for name in given)]
    if after is not None:
        where.append(f"({by}, space.id) {order} (SELECT {by}, space.id {_FROM} WHERE {_MINE} AND space.id = :after)")
    direction = "DESC" if order == "<" else "ASC"
    statement = (
        f"{_COLUMNS} {_FROM} WHERE {' AND '.join(where)} ORDER BY {by} {direction}, space.id {direction} LIMIT :limit"
    )
    parameters: dict[str, Any] = {
        **given,
        "team_ids": caller.team_ids(),
        "after": after,
        "limit": limit,
        "first_day": forecast.month_start(clock.now()).date(),
        "error_stages": sorted(ERROR_STAGES),
        "idle_stages": sorted(IDLE_STAGES | {"PAUSED"}),
    }
    rows = session.execute(text(statement), {k: v for k, v in parameters.items() if f":{k}" in statement}).all()
    found = session.exec(select(Space).where(col(Space.id).in_([row.id for row in rows])))
    by_id = {space.id: space for space in found}
    return [_listed(by_id[row.id], row) for row in rows]


def _listed(space: Space, row: Row[Any]) -> SpaceListed:
    return SpaceListed(
        **spaces.public(space).model_dump(),
        stage=row.stage,
        current_hardware=row.hardware,
        verdict=Verdict(row.verdict),
        drifted=bool(space.drift),
        observed_at=row.observed_at,
        release=_line(ReleaseLine, row, "release") if row.release_number is not None else None,
        last_deployment=_line(DeploymentLine, row, "last") if row.last_id is not None else None,
        usd_this_month=forecast.usd(float(row.micro_usd)),
    )


def _line(model: Any, row: Row[Any], prefix: str) -> Any:
    return model(**{name: getattr(row, f"{prefix}_{name}") for name in model.model_fields})
