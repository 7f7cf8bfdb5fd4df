"""Many spaces at a glance: each with what runs, what is live and what was last tried. One statement."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, column, lateral, literal, or_, table
from sqlmodel import Session, col, func, select

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.costs import forecast
from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.hub.model import ERROR_STAGES, IDLE_STAGES
from spaceport.runtime.model import Observation
from spaceport.spaces.model import Sdk, Space

PAGE = 100

_USAGE = table("space_usage", column("space_id"), column("day"), column("micro_usd"))


class Condition(StrEnum):
    """What one looks for in a list of spaces."""

    RUNNING = "running"
    DEPLOYING = "deploying"
    FAILING = "failing"
    IDLE = "idle"


class Order(StrEnum):
    ACTIVITY = "activity"
    NAME = "name"
    CREATED = "created"


@dataclass(frozen=True)
class Row:
    """`release` is the number of the live release; the others are of the latest deployment, if there is one."""

    space_id: str
    owner: str
    name: str
    sdk: Sdk
    hardware: str | None
    host: str | None
    drifted: bool
    stage: str | None
    observed_at: datetime | None
    release: int
    usd_this_month: float
    deployment_id: str | None
    number: int | None
    status: Status | None
    commit_message: str | None
    created_at: datetime | None
    finished_at: datetime | None

    @property
    def repo_id(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True)
class Wanted:
    search: str = ""
    condition: Condition | None = None
    order: Order = Order.ACTIVITY
    page: int = 1


@dataclass(frozen=True)
class Overview:
    """`total` counts what matches, `managed` what the caller's teams have."""

    rows: list[Row]
    total: int
    managed: int


def overview(session: Session, caller: Caller, wanted: Wanted) -> Overview:
    mine = [col(Space.team_id).in_(caller.team_ids()), col(Space.deleted_at).is_(None)]
    latest = lateral(
        select(Deployment)
        .where(Deployment.space_id == Space.id)
        .order_by(col(Deployment.id).desc())
        .limit(1)
        .correlate(Space.__table__)  # type: ignore[attr-defined]
    ).alias("latest")
    managed = select(func.count()).select_from(Space).where(*mine).scalar_subquery()
    statement = (
        select(*_columns(latest.c), func.count().over(), managed)  # type: ignore[call-overload]
        .select_from(Space)
        .join(Observation, col(Observation.space_id) == Space.id, isouter=True)
        .join(latest, literal(True), isouter=True)
        .where(*mine, *_filters(wanted, latest.c))
    )
    found = session.execute(_ordered(statement, wanted, latest.c).limit(PAGE).offset((wanted.page - 1) * PAGE)).all()
    if not found:
        return Overview([], 0, session.exec(select(func.count()).select_from(Space).where(*mine)).one())
    return Overview([_row(row) for row in found], found[0][-2], found[0][-1])


def one(session: Session, space: Space) -> Row:
    """The same of one space, which the caller was already found to have."""
    latest = session.exec(
        select(Deployment).where(Deployment.space_id == space.id).order_by(col(Deployment.id).desc()).limit(1)
    ).first()
    seen = session.get(Observation, space.id)
    return Row(
        space_id=space.id,
        owner=space.owner,
        name=space.name,
        sdk=space.sdk,
        hardware=space.hardware,
        host=space.host,
        drifted=bool(space.drift),
        stage=seen.stage if seen else None,
        observed_at=seen.observed_at if seen else None,
        release=space.release_count,
        usd_this_month=forecast.usd(float(session.execute(select(_spent(space.id))).scalar_one())),
        deployment_id=latest.id if latest else None,
        number=latest.number if latest else None,
        status=latest.status if latest else None,
        commit_message=latest.commit_message if latest else None,
        created_at=latest.created_at if latest else None,
        finished_at=latest.finished_at if latest else None,
    )


def _columns(latest: Any) -> list[Any]:
    return [
        Space.id,
        Space.owner,
        Space.name,
        Space.sdk,
        func.coalesce(Space.hardware, Observation.hardware, Observation.requested_hardware),
        Space.host,
        func.jsonb_array_length(Space.drift) > 0,
        Observation.stage,
        Observation.observed_at,
        Space.release_count,
        _spent(Space.id),
        latest.id,
        latest.number,
        latest.status,
        latest.commit_message,
        latest.created_at,
        latest.finished_at,
    ]


def _spent(space_id: Any) -> Any:
    """Millionths of a dollar, so far this month."""
    this_month = _USAGE.c.day >= forecast.month_start(clock.now()).date()
    total = func.coalesce(func.sum(_USAGE.c.micro_usd), 0)
    return select(total).where(_USAGE.c.space_id == space_id, this_month).scalar_subquery()


def _row(found: Any) -> Row:
    values = dict(zip((each.name for each in fields(Row)), found, strict=False))
    return Row(**values | {"usd_this_month": forecast.usd(float(values["usd_this_month"]))})


def _filters(wanted: Wanted, latest: Any) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if wanted.search:
        address = func.lower(Space.owner + "/" + Space.name)
        filters.append(address.contains(wanted.search.lower(), autoescape=True))
    stage = col(Observation.stage)
    under_way = latest.status.not_in([status for status in Status if status.final])
    match wanted.condition:
        case Condition.RUNNING:
            filters.append(stage.startswith("RUNNING"))
        case Condition.DEPLOYING:
            filters.append(under_way)
        case Condition.FAILING:
            filters.append(or_(stage.in_(ERROR_STAGES), latest.status == Status.FAILED))
        case Condition.IDLE:
            filters.append(stage.in_(IDLE_STAGES | {"PAUSED"}))
    return filters


def _ordered(statement: Select[Any], wanted: Wanted, latest: Any) -> Select[Any]:
    match wanted.order:
        case Order.NAME:
            return statement.order_by(func.lower(Space.owner), func.lower(Space.name))
        case Order.CREATED:
            return statement.order_by(col(Space.id).desc())
    # What moves right now comes first, then what was tried last.
    under_way = case((latest.status.not_in([status for status in Status if status.final]), 0), else_=1)
    return statement.order_by(
        under_way, func.coalesce(latest.created_at, Space.created_at).desc(), col(Space.id).desc()
    )
