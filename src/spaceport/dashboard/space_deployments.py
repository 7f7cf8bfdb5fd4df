"""All deployments of one space, and going back to what an earlier one brought live."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from spaceport.accounts.model import Role
from spaceport.dashboard import flash, render, space_frame, visitor
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Name, Owner
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import queries, rollback
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.jobs.model import InitiatorType
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/spaces/{owner}/{name}")

After = Annotated[str | None, Query(pattern=r"^dep_[0-9a-z]{26}$")]
Number = Annotated[int, Path(ge=1, lt=2**31)]

_SHOWN = 50


@router.get("/deployments")
def deployments_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, after: After = None
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
        found = queries.page(session, space, after=after, limit=_SHOWN + 1)
        held = space_frame.held_back(session, space)
    return render.page(
        request,
        "space_deployments.html",
        deployments=found[:_SHOWN],
        after=after,
        older=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
        **held,
        **space_frame.context(caller, space, ""),
    )


@router.get("/releases/{number}/rollback")
def rollback_page(instance: RunningInstance, request: Request, owner: Owner, name: Name, number: Number) -> Response:
    """What would be done, before it is."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        release = rollback.release(session, space, number)
        brought = session.get_one(Deployment, release.deployment_id)
        live = rollback.release(session, space, space.release_count)
        now_live = session.get_one(Deployment, live.deployment_id)
        held = space_frame.held_back(session, space)
    framed = space_frame.context(caller, space, "")
    return render.page(
        request, "space_rollback.html", release=release, brought=brought, live=now_live, **held, **framed
    )


@router.post("/releases/{number}/rollback", dependencies=OWN_FORM)
def send_rollback(instance: RunningInstance, request: Request, owner: Owner, name: Name, number: Number) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        release = rollback.release(session, space, number)
        initiator = Initiator(InitiatorType.USER, caller.user_id, caller.name)
        back = rollback.to(session, Limits.of(instance.settings), space, release, initiator)
    return flash.redirect(request, f"/deployments/{back.id}")
