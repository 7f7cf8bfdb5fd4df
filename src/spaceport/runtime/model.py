"""What is kept of a Space's condition, and how it is shown."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, ForeignKey, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Observation(SQLModel, table=True):
    """A Space as the Hub last told of it; `stage` is None when it was not there.

    Its condition is of `observed_at`. What only a look at the whole Space brings (`hub_sha`, `visibility`,
    `differences`) is of `listed_at`. `differences` are not drift yet: they have to be there again the next time.
    """

    __tablename__ = "observation"

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True))
    stage: str | None = Field(default=None, sa_column=Column(Text))
    hub_sha: str | None = Field(default=None, sa_column=Column(Text))
    runtime_sha: str | None = Field(default=None, sa_column=Column(Text))
    hardware: str | None = Field(default=None, sa_column=Column(Text))
    requested_hardware: str | None = Field(default=None, sa_column=Column(Text))
    sleep_time: int | None = Field(default=None, sa_column=Column(Integer))
    replicas: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    dev_mode: bool | None = Field(default=None, sa_column=Column(Boolean))
    domains: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    visibility: str | None = Field(default=None, sa_column=Column(Text))
    error: str | None = Field(default=None, sa_column=Column(Text))
    differences: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    listed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    observed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class SpaceUsage(SQLModel, table=True):
    """Seconds in which a space was starting or running, per UTC day and hardware, each replica counted.

    `unpriced_seconds` are those among them for which no price was known; `unobserved_seconds` lie between two
    looks too far apart to say, and are not billed here.
    """

    __tablename__ = "space_usage"

    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    hardware: str = Field(sa_column=Column(Text, primary_key=True))
    seconds: int = Field(sa_column=Column(BigInteger, nullable=False))
    micro_usd: int = Field(sa_column=Column(BigInteger, nullable=False))
    unpriced_seconds: int = Field(sa_column=Column(BigInteger, nullable=False))
    unobserved_seconds: int = Field(sa_column=Column(BigInteger, nullable=False))


class DnsRecord(SQLModel):
    """What to set at the provider of your domain."""

    type: str = Field(schema_extra={"examples": ["CNAME"]})
    name: str = Field(schema_extra={"examples": ["app.example.com"]})
    value: str = Field(schema_extra={"examples": ["hf.space"]})


class DomainPublic(SQLModel):
    domain: str
    custom: bool
    stage: str = Field(description="READY, PENDING, PENDING_CHALLENGE, EXPIRED_CHALLENGE or MISCONFIGURED.")
    meaning: str = Field(description="The stage in words, with what to do next.")
    record: DnsRecord | None = Field(description="For a custom domain: the DNS record that it needs.")


class ReplicasPublic(SQLModel):
    current: int | None
    requested: int | str | None = Field(description="A number, or `auto`.")


class ServedPublic(SQLModel):
    """Which commit answers visitors, and which deployment of ours made it."""

    sha: str
    ours: bool = Field(description="Whether a deployment made here has pushed this commit.")
    deployment_id: str | None
    release: int | None = Field(description="Number of the release, when that deployment went live.")


class RuntimePublic(SQLModel):
    """A Space's condition as the Hub told it at `observed_at`; `fresh=true` asks it now.

    RUNNING alone does not say which commit runs: right after a push the old one still does. `served` says it.
    """

    stage: str | None = Field(
        description="The Hub's word, such as RUNNING; null when the Hub did not list the Space.",
        schema_extra={"examples": ["RUNNING"]},
    )
    hardware: str | None = Field(description="What it runs on now; null while nothing runs.")
    requested_hardware: str | None
    replicas: ReplicasPublic
    sleep_time: int | None = Field(description="Seconds idle before sleep; -1 never; null when the Hub does not say.")
    dev_mode: bool | None
    domains: list[DomainPublic]
    error: str | None = Field(description="What the Hub says went wrong.")
    served: ServedPublic | None = Field(description="Null when nothing is served, or the Hub does not say what.")
    url: str | None = Field(description="Where the app answers.")
    observed_at: datetime
    age_seconds: float
