"""Finding spaces, always within the caller's teams."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import Session, col, func, select

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.errors import NotFound
from spaceport.spaces.model import Space, SpacePublic


def get(session: Session, caller: Caller, owner: str, name: str, *, needs: Role = Role.VIEWER) -> Space:
    """Raises NotFound for another team's space as for one that does not exist, Forbidden for too low a role."""
    statement = select(Space).where(
        func.lower(Space.owner) == owner.lower(),
        func.lower(Space.name) == name.lower(),
        _within(caller),
    )
    space = session.exec(statement).first()
    if space is None:
        _say_where_it_went(session, caller, f"{owner}/{name}")
        raise NotFound(
            f"Your teams manage no space {owner}/{name}.",
            code="space_not_found",
            fix="List yours with GET /api/v1/spaces, or add it with POST /api/v1/spaces.",
        )
    caller.require(space.team_id, needs)
    return space


def by_id(session: Session, caller: Caller, space_ids: Collection[str]) -> dict[str, Space]:
    """Those of them that the caller's teams manage."""
    found = session.exec(select(Space).where(col(Space.id).in_(space_ids), _within(caller)))
    return {space.id: space for space in found}


def through(session: Session, hub_account_id: str) -> tuple[list[str], int]:
    """`owner/name` of what is managed through this Hub account, and how many spaces were and are not any more."""
    found = session.exec(
        select(Space.owner, Space.name, Space.deleted_at)
        .where(Space.hub_account_id == hub_account_id)
        .order_by(func.lower(Space.name))
    ).all()
    managed = [f"{owner}/{name}" for owner, name, deleted_at in found if deleted_at is None]
    return managed, len(found) - len(managed)


def lock(session: Session, space_id: str) -> Space:
    """Serialise whatever is decided about one space until the transaction ends.

    Always taken before a deployment's row, so that two transactions never wait for each other. The weaker row
    lock lets others insert rows that refer to the space meanwhile.
    """
    statement = select(Space).where(Space.id == space_id).with_for_update(key_share=True)
    return session.exec(statement.execution_options(populate_existing=True)).one()


def _say_where_it_went(session: Session, caller: Caller, repo_id: str) -> None:
    """Raises NotFound `space_moved` for an address that one of the caller's spaces had."""
    moved = select(Space).where(
        col(Space.former_addresses).contains([repo_id.lower()]),
        _within(caller),
    )
    if (space := session.exec(moved.order_by(col(Space.updated_at).desc())).first()) is not None:
        raise NotFound(
            f"{repo_id} is called {space.repo_id} now.",
            code="space_moved",
            fix=f"Ask at /api/v1/spaces/{space.repo_id} instead.",
            moved_to=space.repo_id,
        )


def public(space: Space) -> SpacePublic:
    return SpacePublic.model_validate(
        space,
        update={
            "has_source_token": space.sealed_source_token is not None,
            "url": f"{space.endpoint}/spaces/{space.repo_id}",
        },
    )


def _within(caller: Caller) -> ColumnElement[bool]:
    """What the caller may know of."""
    return and_(
        col(Space.deleted_at).is_(None),
        col(Space.team_id).in_(caller.team_ids()),
        true() if caller.only_space is None else col(Space.id) == caller.only_space,
    )
