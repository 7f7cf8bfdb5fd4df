"""One look at a Space on the Hub: everything that a single call tells, kept."""

from datetime import datetime

from sqlmodel import Session

from spaceport import clock
from spaceport.hub import Head
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.runtime import observations
from spaceport.runtime.model import Observation
from spaceport.spaces import moving
from spaceport.spaces.model import Space


def look(instance: Instance, space: Space, *, give_way: bool = False) -> Observation:
    """Ask the Hub now; one call, outside any transaction. Raises HubFailure.

    `give_way`: leave the last quarter of the quota to deployments.
    """
    with instance.database.unit_of_work() as session:
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    if give_way:
        hub.give_way()
    asked_at = clock.now()
    found = hub.head(space.repo_id)
    with instance.database.unit_of_work() as session:
        return keep(session, session.get_one(Space, space.id), found, asked_at)


def keep(session: Session, space: Space, found: Head, asked_at: datetime) -> Observation:
    moving.answers_at(session, space, found)
    if found.runtime is not None:
        observations.keep(session, space.id, found.runtime, asked_at)
    else:
        observations.upsert(session, [{"space_id": space.id, **observations.condition(None), "observed_at": asked_at}])
    return session.get_one(Observation, space.id, populate_existing=True)
