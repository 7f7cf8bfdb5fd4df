"""Teams and their members."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from spaceport.accounts import queries, teams
from spaceport.accounts.model import MemberCreate, MemberPublic, MemberUpdate, Role, TeamCreate, TeamPublic, TeamUpdate
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.errors import Invalid
from spaceport.fleet import team_deletion

router = APIRouter(prefix="/api/v1/teams", tags=["teams"])

TeamId = Annotated[str, Path(pattern=r"^team_[0-9a-z]{26}$")]
UserId = Annotated[str, Path(pattern=r"^usr_[0-9a-z]{26}$")]


@router.get("")
def list_teams(instance: RunningInstance, claims: SignedIn) -> list[TeamPublic]:
    """The caller's teams, the personal one first."""
    with instance.database.unit_of_work() as session:
        return queries.teams(session, queries.caller(session, claims))


@router.post("", status_code=201)
def create_team(instance: RunningInstance, claims: SignedIn, wanted: TeamCreate) -> TeamPublic:
    """The caller becomes its owner."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        return teams.create(session, owner_id=caller.user_id, name=wanted.name)


@router.get("/{team_id}")
def read_team(instance: RunningInstance, claims: SignedIn, team_id: TeamId) -> TeamPublic:
    """With the caller's role in it."""
    with instance.database.unit_of_work() as session:
        return queries.team(session, queries.caller(session, claims), team_id)


@router.patch("/{team_id}")
def rename_team(instance: RunningInstance, claims: SignedIn, team_id: TeamId, wanted: TeamUpdate) -> TeamPublic:
    """For admins. Its `slug` stays."""
    with instance.database.unit_of_work() as session:
        return teams.rename(session, queries.caller(session, claims), team_id, wanted.name)


@router.delete("/{team_id}", status_code=204)
def delete_team(
    instance: RunningInstance,
    claims: SignedIn,
    team_id: TeamId,
    confirm: Annotated[str | None, Query(max_length=64, description="The team's slug.")] = None,
) -> None:
    """For owners. Its members lose access, its Hub tokens are forgotten, its hooks end.

    409 `team_has_spaces`, with their addresses, while it manages any.
    """
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        team = queries.team(session, caller, team_id)
        caller.require(team_id, Role.OWNER)
        if confirm != team.slug:
            raise Invalid(
                f"Deleting the team {team.name} has to be confirmed.",
                code="confirmation_needed",
                fix=f"Send ?confirm={team.slug} with the request.",
            )
        team_deletion.delete(session, caller, team_id)


@router.get("/{team_id}/members")
def list_members(instance: RunningInstance, claims: SignedIn, team_id: TeamId) -> list[MemberPublic]:
    """For every member."""
    with instance.database.unit_of_work() as session:
        return queries.members(session, queries.caller(session, claims), team_id)


@router.post("/{team_id}/members", status_code=201)
def add_member(instance: RunningInstance, claims: SignedIn, team_id: TeamId, wanted: MemberCreate) -> MemberPublic:
    """Somebody who has registered. For admins; only an owner adds owners."""
    with instance.database.unit_of_work() as session:
        return teams.add_member(session, queries.caller(session, claims), team_id, wanted)


@router.patch("/{team_id}/members/{user_id}")
def change_member_role(
    instance: RunningInstance, claims: SignedIn, team_id: TeamId, user_id: UserId, wanted: MemberUpdate
) -> MemberPublic:
    """For admins; only an owner makes or unmakes owners. 409 `last_owner` for the last one."""
    with instance.database.unit_of_work() as session:
        return teams.change_role(session, queries.caller(session, claims), team_id, user_id, wanted.role)


@router.delete("/{team_id}/members/{user_id}", status_code=204)
def remove_member(instance: RunningInstance, claims: SignedIn, team_id: TeamId, user_id: UserId) -> None:
    """For admins, and for members who leave. 409 `last_owner` for the last owner."""
    with instance.database.unit_of_work() as session:
        teams.remove_member(session, queries.caller(session, claims), team_id, user_id)
