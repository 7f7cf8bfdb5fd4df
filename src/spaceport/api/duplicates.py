"""Copies of a space."""

from fastapi import APIRouter, Response

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import adoption, duplicate, look
from spaceport.configuration.duplicate import Duplicate, DuplicateInput
from spaceport.deployments import slot
from spaceport.spaces import commands, queries

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

    Its secrets are set again from what is sealed here, as far as it was set here. What is staged is not copied.
    """
    with instance.database.unit_of_work() as session:
        caller = accounts.caller(session, claims)
        original = queries.get(session, caller, owner, name, needs=Role.ADMIN)
        description = duplicate.described(instance.sealer, original, wanted)
        admission = commands.admit(session, instance, caller, description)
    asked_at = clock.now()
    there = adoption.ask(admission.hub, original.repo_id)
    with instance.database.unit_of_work() as session:
        original = slot.lock(session, original.id)
        for kind, entries in there.entries.items():
            look.keep(session, original, kind, entries, asked_at)
        given = duplicate.seeds(session, instance.sealer, original)
    duplicate.copy(admission.hub, original, wanted, given)
    head = admission.hub.head(f"{wanted.owner}/{wanted.name}")
    present = adoption.ask(admission.hub, head.repo_id)
    with instance.database.unit_of_work() as session:
        copy = commands.add(session, instance, caller, description, admission, head)
        duplicate.take_over(session, instance.sealer, caller, original, copy, given=given, present=present)
    response.headers["Location"] = f"/api/v1/spaces/{copy.repo_id}"
    return Duplicate(space=queries.public(copy), missing_secrets=list(given.missing))
