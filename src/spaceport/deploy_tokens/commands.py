"""Making, recognising and revoking deploy tokens: `spd_<id>_<secret>`, of which a hash of the secret is stored."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from spaceport import clock, errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Membership, Role
from spaceport.deploy_tokens.model import DeployToken, DeployTokenCreate
from spaceport.events.record import record

PREFIX = "spd_"

_TOKEN = re.compile(r"spd_([0-9a-z]{26})_([\w-]{43})", re.ASCII)
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Presented:
    """A token of the right form. Whether it counts, the database knows."""

    id: str
    secret: str = field(repr=False)


def read(token: str) -> Presented:
    """Raises Unauthorized `deploy_token_invalid`."""
    if (match := _TOKEN.fullmatch(token)) is None:
        raise _refused("The deploy token is not valid.")
    return Presented(f"dtk_{match[1]}", match[2])


def caller(session: Session, presented: Presented) -> Caller:
    """Who a token acts as: a deployer of its team, for its one space.

    Raises Unauthorized `deploy_token_invalid` for one that is unknown, expired or revoked, or whose maker may not
    deploy any more.
    """
    row = session.exec(
        select(DeployToken, Membership)
        .join(
            Membership,
            (col(Membership.user_id) == DeployToken.created_by) & (col(Membership.team_id) == DeployToken.team_id),
            isouter=True,
        )
        .where(DeployToken.id == presented.id)
    ).first()
    found, membership = row or (None, None)
    # Compared even where there is nothing to compare with, so that the time does not tell which ids exist.
    matches = hmac.compare_digest(_hash(presented.secret), found.secret_hash if found else _hash(""))
    if found is None or not matches:
        raise _refused("The deploy token is not valid.")
    now = clock.now()
    if found.revoked_at is not None:
        raise _refused("The deploy token was revoked.")
    if found.expires_at <= now:
        raise _refused("The deploy token has expired.")
    if membership is None or not membership.role.covers(Role.DEPLOYER):
        raise _refused("Whoever made the deploy token may not deploy any more.")
    if found.last_used_at is None or now - found.last_used_at > _USE_NOTED_EVERY:
        # Not through the object: a request that only looks must not count as one that acts.
        session.execute(update(DeployToken).where(col(DeployToken.id) == found.id).values(last_used_at=now))
    return Caller(
        user_id=found.id,
        email="",
        name=f"{found.name} (deploy token)",
        session_id="",
        used_at=now,
        teams={found.team_id: Role.DEPLOYER},
        default_team_id=found.team_id,
        only_space=found.space_id,
    )


def create(
    session: Session, asking: Caller, *, team_id: str, space_id: str, wanted: DeployTokenCreate
) -> tuple[DeployToken, str]:
    """The row and the token, which is nowhere else."""
    secret = secrets.token_urlsafe(32)
    made = DeployToken(
        team_id=team_id,
        space_id=space_id,
        created_by=asking.user_id,
        name=wanted.name,
        secret_hash=_hash(secret),
        expires_at=clock.now() + timedelta(days=wanted.expires_in_days),
    )
    session.add(made)
    session.flush()
    _record(session, asking, made, "deploy_token.created", expires_at=made.expires_at.isoformat())
    return made, f"{PREFIX}{made.id.removeprefix('dtk_')}_{secret}"


def standing(session: Session, space_id: str) -> list[DeployToken]:
    """Those of a space that were not revoked, newest first; some may have expired."""
    mine = select(DeployToken).where(DeployToken.space_id == space_id, col(DeployToken.revoked_at).is_(None))
    return list(session.exec(mine.order_by(col(DeployToken.id).desc())))


def made_by(session: Session, asking: Caller) -> list[DeployToken]:
    """Those that the caller made in a team of theirs and that were not revoked, newest first; some may have expired."""
    theirs = select(DeployToken).where(
        DeployToken.created_by == asking.user_id,
        col(DeployToken.team_id).in_(asking.team_ids()),
        col(DeployToken.revoked_at).is_(None),
    )
    return list(session.exec(theirs.order_by(col(DeployToken.id).desc())))


def revoke(session: Session, asking: Caller, space_id: str, token_id: str) -> None:
    """It is refused from now on. Raises NotFound `deploy_token_not_found`."""
    found = session.get(DeployToken, token_id, with_for_update={"key_share": True})
    if found is None or found.space_id != space_id:
        raise errors.NotFound(
            "The space has no such deploy token.",
            code="deploy_token_not_found",
            fix="List them with GET on the space's deploy-tokens.",
        )
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        session.add(found)
        _record(session, asking, found, "deploy_token.revoked")


def _record(session: Session, asking: Caller, token: DeployToken, kind: str, **data: str) -> None:
    record(
        session,
        kind,
        team_id=token.team_id,
        actor=asking.user_id,
        space_id=token.space_id,
        token_id=token.id,
        name=token.name,
        **data,
    )


def _hash(secret: str) -> str:
    """One round is enough: 256 random bits cannot be guessed, however fast the guessing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _refused(message: str) -> errors.Unauthorized:
    return errors.Unauthorized(
        message,
        code="deploy_token_invalid",
        fix="An admin of the team makes one with POST on the space's deploy-tokens.",
    )
