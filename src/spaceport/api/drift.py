"""Drift: where a Space on the Hub is not what was last applied."""

from fastapi import APIRouter

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import queries as configuration
from spaceport.runtime.model import Observation
from spaceport.spaces import queries
from spaceport.spaces.drift import DriftPublic

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])


@router.get("/{owner}/{name}/drift")
def read_drift(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name) -> DriftPublic:
    """What somebody changed behind our back, as far as two looks at the Hub in a row have confirmed it.

    Secrets and variables are looked at when they are applied or listed with fresh=true, and then one look is enough.

    Nothing is written over by itself. Deploying brings the files back; setting a value again brings that back.
    """
    with instance.database.unit_of_work() as session:
        space = queries.get(session, accounts.caller(session, claims), owner, name)
        observation = session.get(Observation, space.id)
        differences = [*space.drift, *configuration.differences(session, space.id)]
    return DriftPublic.model_validate(
        {
            "drifted": bool(differences),
            "since": space.drifted_at,
            "observed_at": observation.listed_at if observation else None,
            "differences": differences,
        }
    )
