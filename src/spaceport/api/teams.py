"""Teams and their members."""

from typing import Annotated

from fastapi import APIRouter, Path

from spaceport.accounts import queries, teams
from spaceport.accounts.model import MemberCreate, MemberPublic, MemberUpdate, TeamCreate, TeamPublic
from spaceport.api.caller import RunningInstance, SignedIn

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
