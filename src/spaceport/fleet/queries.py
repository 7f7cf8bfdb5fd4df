"""The list of spaces in one statement, however many there are: for programs behind a cursor, for people by the page."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, column, text
from sqlmodel import Session, select

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.costs import forecast
from spaceport.deployments.states import Status
from spaceport.fleet.model import Condition, DeploymentLine, Listing, ReleaseLine, Sort, SpaceListed, Verdict, Wanted
from spaceport.hub.model import ERROR_STAGES, IDLE_STAGES
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

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
_CONDITIONS = {
    Condition.RUNNING: "observation.stage LIKE 'RUNNING%'",
    Condition.DEPLOYING: "last.status = ANY(:under_way)",
    Condition.FAILING: "(observation.stage = ANY(:error_stages) OR last.status = 'failed')",
    Condition.IDLE: "observation.stage = ANY(:idle_stages)",
}
# What is sorted by before the id, and how it stands to the last line of the page before.
_SORTS: dict[Sort, tuple[tuple[str, ...], str]] = {
    Sort.CREATED: ((), "<"),
    Sort.DEPLOYED: (("coalesce(last.id, '')",), "<"),
    Sort.ACTIVITY: (
        ("CASE WHEN last.status = ANY(:under_way) THEN 1 ELSE 0 END", "coalesce(last.created_at, space.created_at)"),
        "<",
    ),
    Sort.COST: (("usage.micro_usd",), "<"),
    Sort.NAME: (("lower(space.owner || '/' || space.name)",), ">"),
}
_FROM = """
    FROM space
    LEFT JOIN observation ON observation.space_id = space.id
    LEFT JOIN LATERAL (SELECT * FROM release WHERE space_id = space.id ORDER BY number DESC LIMIT 1) release ON true
    LEFT JOIN LATERAL (SELECT * FROM deployment WHERE space_id = space.id ORDER BY id DESC LIMIT 1) last ON true
    CROSS JOIN LATERAL (SELECT coalesce(sum(micro_usd), 0) AS micro_usd FROM space_usage
                        WHERE space_id = space.id AND day >= :first_day) usage
    CROSS JOIN LATERAL (SELECT CASE
        WHEN observation.stage = 'RUNNING' AND release.hub_sha = coalesce(observation.runtime_sha, observation.hub_sha)
            THEN 'healthy'
        WHEN observation.stage = ANY(:error_stages) THEN 'unhealthy'
        WHEN observation.stage = ANY(:idle_stages) THEN 'asleep'
        ELSE 'unknown' END AS verdict) verdict
"""
_SPACE = list(Space.__table__.columns)  # type: ignore[attr-defined]
_COLUMNS = {
    "observed_stage": "observation.stage",
    "observed_at": "observation.observed_at",
    "observed_hardware": "coalesce(observation.hardware, observation.requested_hardware)",
    "verdict": "verdict.verdict",
    "micro_usd": "usage.micro_usd",
    **{f"release_{name}": f"release.{name}" for name in ReleaseLine.model_fields},
    **{f"last_{name}": f"last.{name}" for name in DeploymentLine.model_fields},
}
_OURS = "space.team_id = ANY(:team_ids)"
_MINE = f"space.deleted_at IS NULL AND {_OURS}"
_COUNTS = {"total": "count(*) OVER ()", "managed": f"(SELECT count(*) FROM space WHERE {_MINE})"}  # noqa: S608


def page(
    session: Session, caller: Caller, wanted: Wanted, *, sort: Sort, after: str | None, limit: int
) -> list[SpaceListed]:
    """`after` is the last space of the page before, also if it is not managed any more."""
    where = ["true"]
    if after is not None:
        by, order = _SORTS[sort]
        line = ", ".join([*by, "space.id"])
        where = [f"({line}) {order} (SELECT {line} {_FROM} WHERE {_OURS} AND space.id = :after)"]
    rows = _rows(session, caller, wanted, where, f"{_ordered(sort)} LIMIT :limit", after=after, limit=limit)
    return [_listed(row) for row in rows]


def listing(session: Session, caller: Caller, wanted: Wanted, *, sort: Sort, page: int, size: int) -> Listing:
    """`page` counts from 1."""
    end = f"{_ordered(sort)} LIMIT :limit OFFSET :offset"
    rows = _rows(session, caller, wanted, [], end, counted=True, limit=size, offset=(page - 1) * size)
    if not rows:
        managed = session.execute(text(_COUNTS["managed"][1:-1]), {"team_ids": caller.team_ids()}).scalar_one()
        return Listing([], 0, managed)
    return Listing([_listed(row) for row in rows], rows[0].total, rows[0].managed)


def one(session: Session, caller: Caller, space: Space) -> SpaceListed:
    """The line of one space, which the caller was already found to have."""
    [row] = _rows(session, caller, Wanted(), ["space.id = :space_id"], "", space_id=space.id)
    return _listed(row)


def _rows(
    session: Session,
    caller: Caller,
    wanted: Wanted,
    where: list[str],
    end: str,
    *,
    counted: bool = False,
    **parameters: object,
) -> Sequence[Row[Any]]:
    given = {each.name: value for each in fields(wanted) if (value := getattr(wanted, each.name)) is not None}
    columns = _COLUMNS | (_COUNTS if counted else {})
    selected = [f"space.{each.name}" for each in _SPACE] + [f"{what} AS {name}" for name, what in columns.items()]
    filters = [_CONDITIONS[Condition(value)] if name == "condition" else _WHERE[name] for name, value in given.items()]
    statement = text(f"SELECT {', '.join(selected)} {_FROM} WHERE {' AND '.join([_MINE, *where, *filters])} {end}")
    known = {
        **given,
        **parameters,
        "team_ids": caller.team_ids(),
        "first_day": forecast.month_start(clock.now()).date(),
        "error_stages": sorted(ERROR_STAGES),
        "idle_stages": sorted(IDLE_STAGES | {"PAUSED"}),
        "under_way": [status.value for status in Status if not status.final],
    }
    found = statement.columns(*_SPACE, *(column(name) for name in columns))
    asked = select(Space, *(column(name) for name in columns)).from_statement(found)
    return session.execute(asked, known).all()


def _ordered(sort: Sort) -> str:
    by, order = _SORTS[sort]
    direction = "DESC" if order == "<" else "ASC"
    return "ORDER BY " + ", ".join(f"{each} {direction}" for each in [*by, "space.id"])


def _listed(row: Row[Any]) -> SpaceListed:
    space: Space = row[0]
    return SpaceListed(
        **spaces.public(space).model_dump(),
        stage=row.observed_stage,
        current_hardware=row.observed_hardware,
        verdict=Verdict(row.verdict),
        drifted=bool(space.drift),
        observed_at=row.observed_at,
        release=_line(ReleaseLine, row, "release") if row.release_number is not None else None,
        last_deployment=_line(DeploymentLine, row, "last") if row.last_id is not None else None,
        usd_this_month=forecast.usd(float(row.micro_usd)),
    )


def _line(model: Any, row: Row[Any], prefix: str) -> Any:
    return model(**{name: getattr(row, f"{prefix}_{name}") for name in model.model_fields})
