"""Hooks: one per repository and team, with a secret that is sealed and shown once."""

import base64
import secrets
from urllib.parse import urlsplit

from sqlalchemy import false, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.db import faults
from spaceport.errors import Conflict, Invalid, NotFound
from spaceport.events.record import record_about
from spaceport.instance import Instance
from spaceport.spaces import repositories
from spaceport.spaces.model import Space
from spaceport.webhooks.model import Hook
from spaceport.webhooks.providers import Provider
from spaceport.webhooks.signatures import SIGNING_PREFIX

_SERVED = text(
    "SELECT id FROM space WHERE deleted_at IS NULL AND team_id = :team_id"  # noqa: S608 - a constant of ours
    f" AND {repositories.SQL} = :repository ORDER BY id"
)
_BY_HOST = {
    "github.com": Provider.GITHUB,
    "gitlab.com": Provider.GITLAB,
    "bitbucket.org": Provider.BITBUCKET,
    "codeberg.org": Provider.FORGEJO,
    "gitea.com": Provider.GITEA,
    "huggingface.co": Provider.HUGGINGFACE,
}


def source_url(space: Space) -> str:
    """Where the space's code comes from. Raises Invalid `no_hook_source`."""
    source = space.source or {}
    if source.get("kind") == "git":
        return str(source["url"])
    if source.get("kind") == "space":
        return f"{space.endpoint}/spaces/{source['repo_id']}"
    raise Invalid(
        f"{space.repo_id} has no source that could call a hook.",
        code="no_hook_source",
        fix="Give it a Git repository or another Space as its source.",
    )


def provider_of(space: Space, wanted: Provider | None) -> Provider:
    """Raises Invalid `provider_unknown` when the address does not tell."""
    if wanted is not None:
        return wanted
    if (space.source or {}).get("kind") == "space":
        return Provider.HUGGINGFACE
    host = urlsplit(source_url(space)).hostname or ""
    if host not in _BY_HOST:
        raise Invalid(
            f"What kind of Git host {host} is cannot be seen from its name.",
            code="provider_unknown",
            fix=f"Send provider: one of {', '.join(Provider)}.",
        )
    return _BY_HOST[host]


def create(
    session: Session, instance: Instance, caller: Caller, space: Space, provider: Provider, secret: str | None
) -> tuple[Hook, str | None]:
    """The hook of the space's repository, and its secret when it is new.

    Raises Conflict `hook_exists` when a secret is given for one that is there already.
    """
    repository = repositories.key(source_url(space))
    if present := _of(session, space.team_id, provider, repository):
        if secret is not None:
            raise Conflict(
                f"{repository} has a hook already: {present.id}.",
                code="hook_exists",
                fix=f"Give it the secret with POST /api/v1/hooks/{present.id}/secret-rotation.",
            )
        return present, None
    hook = Hook(team_id=space.team_id, provider=provider, repository=repository, sealed_secret="")
    issued = secret or new_secret()
    hook.sealed_secret = instance.sealer.seal(issued, context=hook.secret_context)
    session.add(hook)
    try:
        session.flush()
    except DBAPIError as error:
        if faults.constraint(error) == "uq_hook_repository":
            raise Conflict(f"{repository} is being given a hook right now.", code="hook_exists") from error
        raise
    _record(session, "hook.created", hook, caller)
    return hook, issued


def rotate(session: Session, instance: Instance, caller: Caller, hook: Hook, secret: str | None) -> str:
    """A new secret; the old one is refused from now on."""
    issued = secret or new_secret()
    hook.sealed_secret = instance.sealer.seal(issued, context=hook.secret_context)
    hook.verified_at = None
    session.add(hook)
    _record(session, "hook.secret_rotated", hook, caller)
    return issued


def delete(session: Session, caller: Caller, hook: Hook) -> None:
    """Its deliveries stay readable; further ones are refused."""
    hook.deleted_at = clock.now()
    session.add(hook)
    _record(session, "hook.deleted", hook, caller)


def installed(session: Session, caller: Caller, hook_id: str, host_id: str) -> Hook:
    hook = session.get_one(Hook, hook_id)
    hook.installed_as = host_id
    session.add(hook)
    _record(session, "hook.installed", hook, caller)
    return hook


def get(session: Session, caller: Caller, hook_id: str, *, needs: Role = Role.VIEWER) -> Hook:
    hook = session.get(Hook, hook_id)
    if hook is None or hook.deleted_at is not None or hook.team_id not in caller.teams:
        raise NotFound("Your teams have no such hook.", code="hook_not_found")
    caller.require(hook.team_id, needs)
    return hook


def of_space(session: Session, space: Space) -> list[Hook]:
    """Those of the space's repository; none for a source that has no hooks."""
    standing = select(Hook).where(col(Hook.id).in_(ever_of(space)), col(Hook.deleted_at).is_(None))
    return list(session.exec(standing.order_by(Hook.id)))


def of_team(session: Session, team_id: str) -> list[Hook]:
    standing = select(Hook).where(Hook.team_id == team_id, col(Hook.deleted_at).is_(None))
    return list(session.exec(standing.order_by(Hook.id)))


def ever_of(space: Space) -> SelectOfScalar[str]:
    """The ids of all hooks that the space's repository has or had."""
    try:
        repository = repositories.key(source_url(space))
    except Invalid:
        return select(Hook.id).where(false())
    return select(Hook.id).where(Hook.team_id == space.team_id, Hook.repository == repository)


def new_secret() -> str:
    """32 random bytes in the form that GitLab asks of a signing token; the other hosts take any text."""
    return SIGNING_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _of(session: Session, team_id: str, provider: Provider, repository: str) -> Hook | None:
    statement = select(Hook).where(
        Hook.team_id == team_id,
        Hook.provider == provider,
        Hook.repository == repository,
        col(Hook.deleted_at).is_(None),
    )
    return session.exec(statement).first()


def _record(session: Session, kind: str, hook: Hook, caller: Caller) -> None:
    """Of the team, and of every space that the hook serves."""
    served = session.execute(_SERVED, {"team_id": hook.team_id, "repository": hook.repository}).scalars().all()
    record_about(
        session,
        kind,
        team_id=hook.team_id,
        actor=caller.user_id,
        space_ids=served,
        hook=hook.id,
        provider=hook.provider,
        repository=hook.repository,
    )
