"""Users, teams, memberships and sign-in sessions: their tables, then what a door takes and shows of them."""

import enum
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, SecretStr, StringConstraints
from sqlalchemy import CheckConstraint, DateTime
from sqlmodel import Field, SQLModel

from spaceport import clock, ids
from spaceport.accounts import email, passwords
from spaceport.db.columns import by_value
from spaceport.text import encodable

_TIMESTAMP = DateTime(timezone=True)


class Role(enum.Enum):
    """From the weakest to the strongest. Compare with `covers`: an Enum has no order, on purpose."""

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    ADMIN = "admin"
    OWNER = "owner"

    def covers(self, needed: "Role") -> bool:
        strength = list(Role)
        return strength.index(self) >= strength.index(needed)


class EndReason(enum.Enum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REUSE_DETECTED = "reuse_detected"


class User(SQLModel, table=True):
    __tablename__ = "user_account"  # `user` is a reserved word: SELECT * FROM user answers, and wrongly
    __table_args__ = (CheckConstraint("email = lower(email)", name="user_account_email_check"),)

    id: str = Field(default_factory=lambda: ids.new("usr"), primary_key=True)
    email: str = Field(unique=True)
    name: str
    password_hash: str = Field(repr=False)
    created_at: datetime = Field(default_factory=clock.now, sa_type=_TIMESTAMP)


class Team(SQLModel, table=True):
    """A personal team is made with its user and has that one member, its owner, for good."""

    id: str = Field(default_factory=lambda: ids.new("team"), primary_key=True)
    slug: str = Field(unique=True)
    name: str
    personal: bool = False
    created_at: datetime = Field(default_factory=clock.now, sa_type=_TIMESTAMP)

    @property
    def deleted(self) -> bool:
        """Nobody is in it, and its slug is free for another. What it did stays on record."""
        return self.slug == self.id


class Membership(SQLModel, table=True):
    team_id: str = Field(foreign_key="team.id", primary_key=True, ondelete="CASCADE")
    user_id: str = Field(foreign_key="user_account.id", primary_key=True, index=True, ondelete="CASCADE")
    role: Role = Field(sa_type=by_value(Role))
    created_at: datetime = Field(default_factory=clock.now, sa_type=_TIMESTAMP)


class SignInSession(SQLModel, table=True):
    """A sign-in and the family of refresh tokens that keeps it going, of which only hashes are stored.

    `family_hash`: of the part that all its refresh tokens share. `refresh_hash`: of what only the latest has.
    """

    __tablename__ = "sign_in_session"
    __table_args__ = (CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="sign_in_session_end_check"),)

    id: str = Field(default_factory=lambda: ids.new("ses"), primary_key=True)
    user_id: str = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    family_hash: str = Field(repr=False)
    refresh_hash: str = Field(repr=False)
    generation: int = 1
    user_agent: str = ""
    created_at: datetime = Field(default_factory=clock.now, sa_type=_TIMESTAMP)
    last_used_at: datetime = Field(default_factory=clock.now, sa_type=_TIMESTAMP)
    expires_at: datetime = Field(sa_type=_TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=_TIMESTAMP)
    end_reason: EndReason | None = Field(default=None, sa_type=by_value(EndReason))


class SignInThrottle(SQLModel, table=True):
    """Attempts to sign in to one account from one address within the current window."""

    __tablename__ = "sign_in_throttle"

    key: str = Field(primary_key=True)
    window_started_at: datetime = Field(sa_type=_TIMESTAMP, index=True)
    attempts: int = 1


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Control characters are not allowed.")
    return text


EmailAddress = Annotated[str, StringConstraints(max_length=320), AfterValidator(email.canonical)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)]
Password = Annotated[
    SecretStr,
    Field(min_length=passwords.MIN_CHARACTERS, max_length=passwords.MAX_CHARACTERS),
    AfterValidator(encodable),
]


class Input(SQLModel):
    """A misspelt field is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]


class Registration(Input):
    email: EmailAddress
    name: Name
    password: Password


class PasswordChange(Input):
    current: Annotated[SecretStr, Field(max_length=1024), AfterValidator(encodable)]
    new: Password


class TeamCreate(Input):
    name: Name


class TeamUpdate(Input):
    name: Name


class MemberCreate(Input):
    email: EmailAddress
    role: Role


class MemberUpdate(Input):
    role: Role


class UserPublic(SQLModel):
    id: str
    email: str
    name: str
    created_at: datetime


class TeamPublic(SQLModel):
    """`role` is the asking user's own."""

    id: str
    slug: str
    name: str
    personal: bool
    role: Role


class Account(SQLModel):
    user: UserPublic
    teams: list[TeamPublic]


class MemberPublic(SQLModel):
    user_id: str
    email: str
    name: str
    role: Role
    created_at: datetime


class SessionPublic(SQLModel):
    """`current` marks the session that asks."""

    id: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool
