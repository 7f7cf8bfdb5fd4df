"""What the reconciler remembers between two looks: at the Spaces of an owner, and at branches of Git repositories."""

from datetime import datetime

from sqlalchemy import Column, DateTime, Float, ForeignKey, Text
from sqlmodel import Field, SQLModel

from spaceport import clock


class HubSweep(SQLModel, table=True):
    """One owner's Spaces, listed for one Hub account. Who moves `next_at` on does the sweep."""

    __tablename__ = "hub_sweep"

    hub_account_id: str = Field(
        sa_column=Column(Text, ForeignKey("hub_account.id", ondelete="CASCADE"), primary_key=True)
    )
    owner: str = Field(sa_column=Column(Text, primary_key=True))
    next_at: datetime = Field(default_factory=clock.now, sa_column=Column(DateTime(timezone=True), nullable=False))


class SourceWatch(SQLModel, table=True):
    """Where a ref of a repository stood; `ref` is "" for the default branch.

    Kept per team: one team's token must not tell another one anything. `moved_at` is when `head` was first seen
    there, `spread` the jitter of the next look, and `failure` why the last one brought nothing.
    """

    __tablename__ = "source_watch"

    team_id: str = Field(sa_column=Column(Text, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True))
    url: str = Field(sa_column=Column(Text, primary_key=True))
    ref: str = Field(sa_column=Column(Text, primary_key=True))
    head: str | None = Field(default=None, sa_column=Column(Text))
    moved_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    checked_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    spread: float = Field(default=1.0, sa_column=Column(Float, nullable=False))
    failure: str | None = Field(default=None, sa_column=Column(Text))
