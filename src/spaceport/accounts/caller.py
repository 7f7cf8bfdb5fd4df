"""Who is asking, and what they may do in which team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from spaceport import errors
from spaceport.accounts.model import Role


@dataclass(frozen=True)
class Caller:
    """Who asks, as the database knew them when this request began. `teams` holds every membership.

    `only_space` is the id of the one space that a deploy token is for; None for a signed-in user.
    """

    user_id: str
    email: str
    name: str
    session_id: str
    used_at: datetime
    teams: Mapping[str, Role]
    default_team_id: str
    only_space: str | None = None

    def require(self, team_id: str, needed: Role) -> None:
        """Raises `errors.NotFound` for a team the caller is not in, `errors.Forbidden` for too low a role."""
        role = self.teams.get(team_id)
        if role is None:
            # The same words as for a team that never was: others' teams are not to be discovered.
            raise errors.NotFound("There is no such team among yours.", code="team_not_found")
        if not role.covers(needed):
            raise errors.Forbidden(
                f"This needs the role {needed.value} in the team, and yours is {role.value}.",
                code="role_too_low",
                fix="Ask an owner or admin of the team.",
            )

    def team_ids(self, *, at_least: Role = Role.VIEWER) -> list[str]:
        """For the `WHERE team_id = ANY(…)` that every query carries."""
        return [team_id for team_id, role in self.teams.items() if role.covers(at_least)]
