"""What spaces and teams cost."""

from fastapi import APIRouter

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.api.teams import TeamId
from spaceport.costs import queries
from spaceport.costs.model import SpaceCost, TeamCost
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/api/v1", tags=["costs"])


@router.get("/spaces/{owner}/{name}/cost")
def read_space_cost(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> SpaceCost:
    """Minutes in Starting and Running times the price: this month so far, and what the whole month will come to."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, accounts.caller(session, claims), owner, name)
        return queries.of_space(session, space)


@router.get("/teams/{team_id}/cost")
def read_team_cost(instance: RunningInstance, claims: SignedIn, team_id: TeamId) -> TeamCost:
    """The same for all spaces of a team."""
    with instance.database.unit_of_work() as session:
        accounts.caller(session, claims).require(team_id, Role.VIEWER)
        return queries.of_team(session, team_id)
