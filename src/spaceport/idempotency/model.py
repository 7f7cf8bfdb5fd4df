"""What is kept of a request with an `Idempotency-Key`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_TIMESTAMP = DateTime(timezone=True)


@dataclass(frozen=True)
class Answer:
    """A response as it left, but for the headers that belong to one transfer."""

    status: int
    headers: dict[str, str]
    body: bytes


class IdempotentRequest(SQLModel, table=True):
    """A key as one caller used it on one route; `id` is a hash of the three.

    `run_id` names the run that holds the key, until `lease_until` without question. `acted`: that run committed an
    effect, so no other may follow. `status`, `headers` and `body` are null until it has answered.
    """

    __tablename__ = "idempotent_request"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = Field(sa_column=Column(Text, nullable=False))
    run_id: str = Field(sa_column=Column(Text, nullable=False))
    acted: bool = False
    lease_until: datetime = Field(sa_type=_TIMESTAMP)
    expires_at: datetime = Field(sa_type=_TIMESTAMP, index=True)
    status: int | None = None
    headers: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class ConditionalChange(SQLModel, table=True):
    """A request with `If-Match` that is being carried out."""

    __tablename__ = "conditional_change"

    path: str = Field(sa_column=Column(Text, primary_key=True))
    run_id: str = Field(sa_column=Column(Text, nullable=False))
    lease_until: datetime = Field(sa_type=_TIMESTAMP)
