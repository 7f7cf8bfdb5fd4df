"""Copies of a space."""

from fastapi import APIRouter, Response

from spaceport.accounts import queries as accounts
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.configuration.duplicate import Duplicate, DuplicateInput
from spaceport.deployments import duplication

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}", tags=["spaces"])


@router.post("/duplicate", status_code=201)
def duplicate_space(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    wanted: DuplicateInput,
    response: Response,
) -> Duplicate:
    """Copy the Space on the Hub, with its files, variables and volumes, and manage the copy for the same team.

    Its secrets are set again from what is sealed here, as far as it was set here; secrets and volumes may be left out.
    What is staged is not copied.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
    made = duplication.run(instance, caller, owner, name, wanted)
    response.headers["Location"] = f"/api/v1/spaces/{made.space.owner}/{made.space.name}"
    return made
