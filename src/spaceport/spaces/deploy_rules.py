"""When a push deploys a space, and when nothing may: a space's deploy rules."""

import re
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Column, DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.events.record import record
from spaceport.spaces.model import Space

_LONGEST_FREEZE = 31 * 24 * 60
# croniter's R is another minute at every look.
_RANDOM = re.compile(r"(?<![a-z])r(?![a-z])", re.IGNORECASE)


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as Europe/Berlin") from None
    return name


def _cron(expression: str) -> str:
    if len(expression.split()) != 5 and not expression.startswith("@"):
        raise ValueError("is not a cron expression of five fields")
    if _RANDOM.search(expression):
        raise ValueError("is a cron expression that matches by chance")
    try:
        croniter(expression, clock.now()).get_prev(datetime)
    except (CroniterError, ValueError, KeyError):
        raise ValueError("is not a cron expression that ever matches") from None
    return expression


Pattern = Annotated[str, StringConstraints(pattern=r"^!?[^\x00-\x1f\x7f]+$", max_length=200)]
Reason = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=500)]


class Lock(BaseModel):
    """Nothing is deployed until it is taken away or has expired."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    expires_at: datetime | None = Field(default=None, description="With an offset; null lasts until it is removed.")

    def holds(self, now: datetime) -> bool:
        return self.expires_at is None or _aware(self.expires_at) > now


class FreezeWindow(BaseModel):
    """Deployments asked for within `duration_minutes` after a time that `cron` matches start when it is over.

    Both by the clocks of the time zone: from Friday 17:00, 62 hours end on Monday at 07:00 in every week.
    """

    model_config = ConfigDict(extra="forbid")

    cron: Annotated[str, StringConstraints(max_length=100), AfterValidator(_cron)] = Field(
        description="Five fields: minute, hour, day, month, weekday.", schema_extra={"examples": ["0 17 * * FRI"]}
    )
    duration_minutes: int = Field(ge=1, le=_LONGEST_FREEZE)
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_timezone)] = "UTC"
    reason: Reason | None = None


class Rules(BaseModel):
    """What a push must be like to deploy, and what holds every deployment back.

    Patterns: `*` stays within one folder, `**` crosses folders, a leading `!` takes out what an earlier one let in.
    """

    model_config = ConfigDict(extra="forbid")

    branches: list[Pattern] | None = Field(
        default=None, max_length=50, description="Null is the source's own branch; an empty list is none."
    )
    tags: list[Pattern] = Field(default=[], max_length=50, description="Tags that are deployed when pushed.")
    paths: list[Pattern] = Field(
        default=[],
        max_length=200,
        description="A push deploys when it changed a file that matches; the source's folder when empty.",
    )
    skip_tokens: bool = Field(default=True, description="[skip ci], [skip deploy] and the like in the message.")
    approval: bool = Field(default=False, description="Every deployment waits until an admin approves it.")
    lock: Lock | None = None
    freeze_windows: list[FreezeWindow] = Field(default=[], max_length=20)


DEFAULT = Rules()


class DeployRules(SQLModel, table=True):
    """A space without a row has the defaults."""

    __tablename__ = "deploy_rules"

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True))
    rules: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    updated_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


def of(session: Session, space: Space) -> Rules:
    return read(row.rules if (row := session.get(DeployRules, space.id)) else None)


def read(stored: dict[str, Any] | None) -> Rules:
    return Rules.model_validate(stored) if stored else DEFAULT


def set_rules(session: Session, space: Space, wanted: Rules) -> None:
    row = session.get(DeployRules, space.id) or DeployRules(space_id=space.id, rules={})
    row.rules, row.updated_at = wanted.model_dump(mode="json", exclude_defaults=True), clock.now()
    session.add(row)


def change(session: Session, caller: Caller, space: Space, wanted: Rules) -> None:
    """What is queued already goes on."""
    set_rules(session, space, wanted)
    record(
        session,
        "deploy_rules.set",
        team_id=space.team_id,
        actor=caller.user_id,
        space_id=space.id,
        space=space.repo_id,
        rules=wanted.model_dump(mode="json", exclude_defaults=True),
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.now().tzinfo)
