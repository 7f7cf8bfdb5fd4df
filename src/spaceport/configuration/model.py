"""The tables of a space's configuration: all versions of secrets, variables and volumes, and their applications."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.db.columns import by_value


class Kind(StrEnum):
    SECRET = "secret"  # noqa: S105 - a name, not one
    VARIABLE = "variable"
    # One list, versioned as a whole under the key `volumes.KEY`.
    VOLUMES = "volumes"

    @property
    def other(self) -> "Kind | None":
        """The kind that must have no key of the same name: the Hub starts no Space then."""
        return {Kind.SECRET: Kind.VARIABLE, Kind.VARIABLE: Kind.SECRET}.get(self)


class Version(SQLModel, table=True):
    """One version of a secret, a variable or the volumes, numbered from 1 within its key.

    The newest not discarded is wanted. `applied_at` is when it reached the Hub; until then the newest is staged.
    `hub_updated_at` is the Hub's own time of that change, None where it was not learned. A version without `set_by` was
    found on the Hub: somebody else made it, and the value of such a secret is not known. `refusal` is what the Hub said
    when it did not take it.
    """

    __tablename__ = "configuration_version"
    __table_args__ = (UniqueConstraint("space_id", "kind", "key", "version", name="uq_configuration_version"),)

    id: str = Field(default_factory=lambda: ids.new("cfg"), primary_key=True)
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False))
    kind: Kind = Field(sa_column=Column(by_value(Kind), nullable=False))
    key: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    value: str | None = Field(default=None, sa_column=Column(Text))
    sealed_value: str | None = Field(default=None, sa_column=Column(Text))
    description: str | None = Field(default=None, sa_column=Column(Text))
    deleted: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    discarded: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    set_by: str | None = Field(default=None, sa_column=Column(Text))
    set_by_name: str | None = Field(default=None, sa_column=Column(Text))
    set_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    applied_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    hub_updated_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    refusal: str | None = Field(default=None, sa_column=Column(Text))

    @property
    def staged(self) -> bool:
        """Of the newest version of a key."""
        return self.applied_at is None

    @property
    def known(self) -> bool:
        """Whether its value can be given to the Hub again."""
        return (self.sealed_value if self.kind is Kind.SECRET else self.value) is not None


class Application(SQLModel, table=True):
    """Bringing everything staged to the Hub, at the cost of one restart. A space has one at a time.

    Whoever does it holds `run_id` until `lease_until`; then somebody else goes on. `touched`: the Space may have been
    changed already. `restart`: it was up, is paused by us and has to be started again.
    """

    __tablename__ = "configuration_application"
    __table_args__ = (
        Index(
            "uq_configuration_application_open", "space_id", unique=True, postgresql_where=text("finished_at IS NULL")
        ),
    )

    id: str = Field(default_factory=lambda: ids.new("cap"), primary_key=True)
    space_id: str = Field(sa_column=Column(Text, ForeignKey("space.id"), nullable=False))
    deployment_id: str | None = Field(default=None, sa_column=Column(Text))
    asked_by: str = Field(sa_column=Column(Text, nullable=False))
    run_id: str = Field(default_factory=lambda: ids.new("run"), sa_column=Column(Text, nullable=False))
    lease_until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    touched: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    restart: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    started_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    failure: str | None = Field(default=None, sa_column=Column(Text))
