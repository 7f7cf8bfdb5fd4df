"""One deployment: its steps, its live log, why it failed and what to do first."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from spaceport import clock, errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, space_frame, streams, visitor, words
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM
from spaceport.dashboard.space_frame import Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import commands, frames, gates, queries, timeline
from spaceport.deployments.commands import Initiator
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.jobs.model import InitiatorType
from spaceport.spaces.deploy_rules import Reason
from spaceport.spaces.model import Space

router = APIRouter()

DeploymentId = Annotated[str, Path(pattern=r"^dep_[0-9a-z]{26}$")]


# What a page begins with; the whole log is one click away.
_FIRST_LINES = 1000
_ALL_LINES = 50_000


@router.get("/deployments/{deployment_id}")
def deployment_page(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id)
        last_event, last_line = frames.latest(session, deployment)
        # Up to where the stream takes over, so that no line is shown twice.
        after = max(0, last_line - _FIRST_LINES)
        lines = queries.log_page(session, deployment.id, after=after, limit=last_line - after, step=None)
        context = _context(session, caller, deployment)
    return render.page(
        request, "deployment.html", **context, lines=lines, left_out=after, cursor=f"{last_event}.{last_line}"
    )


@router.get("/deployments/{deployment_id}/status")
def deployment_status(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    """The part of the page that an event changes."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        context = _context(session, caller, queries.get(session, caller, deployment_id))
    return render.fragment(request, "fragments/deployment.html", **context)


@router.get("/deployments/{deployment_id}/log.txt")
def deployment_log(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    with instance.database.unit_of_work() as session:
        deployment = queries.get(session, visitor.caller(session, request), deployment_id)
        lines = queries.log_page(session, deployment.id, after=0, limit=_ALL_LINES, step=None)
    text = "".join(f"{line.at:%Y-%m-%d %H:%M:%S} {line.step:5} {line.line}\n" for line in lines)
    if said := words.let_go(deployment):
        text = f"({said})\n{text}"
    return Response(text, media_type="text/plain; charset=utf-8")


@router.get("/deployments/{deployment_id}/stream")
def follow_deployment(
    instance: RunningInstance,
    request: Request,
    deployment_id: DeploymentId,
    after: Annotated[str | None, Query(max_length=64)] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """Server-sent events after a cursor. A browser that reconnects by itself says where it is in `Last-Event-ID`."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id)
        cursor = frames.resume(session, deployment, last_event_id or after)
    if cursor is None:
        return Response(status_code=204)
    return streams.answer(instance, caller, request.app.state.feed.follow(deployment.id, cursor))


@router.post("/deployments/{deployment_id}/cancel", dependencies=OWN_FORM)
def send_cancel(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id, needs=Role.DEPLOYER)
        commands.cancel(session, Limits.of(instance.settings), deployment, actor=caller.user_id)
    return flash.redirect(request, f"/deployments/{deployment_id}", Flash("good", "The deployment is told to stop."))


@router.post("/deployments/{deployment_id}/retry", dependencies=OWN_FORM)
def send_retry(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    """The same source once more, in the revision that it has now."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id, needs=Role.DEPLOYER)
        again = commands.request(
            session,
            Limits.of(instance.settings),
            session.get_one(Space, deployment.space_id),
            source=deployment.source,
            initiator=Initiator(InitiatorType.USER, caller.user_id, caller.name),
            trigger="retry",
        )
    return flash.redirect(request, f"/deployments/{again.id}")


@router.post("/deployments/{deployment_id}/approve")
def send_approval(instance: RunningInstance, request: Request, deployment_id: DeploymentId, form: Sent) -> Response:
    """Of the revision that the page showed, and of no other one that has taken its place."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id, needs=Role.ADMIN)
        limits, revision = Limits.of(instance.settings), form.text("revision") or None
        gates.approve(session, limits, deployment, actor=caller.user_id, name=caller.name, revision=revision)
    said = Flash("good", f"Deployment #{deployment.number} is approved and goes on.")
    return flash.redirect(request, f"/deployments/{deployment_id}", said)


@router.get("/deployments/{deployment_id}/reject")
def rejection_page(instance: RunningInstance, request: Request, deployment_id: DeploymentId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id, needs=Role.ADMIN)
        space = session.get_one(Space, deployment.space_id)
    return render.page(request, "reject.html", deployment=deployment, space=space, reason="")


@router.post("/deployments/{deployment_id}/reject")
def send_rejection(instance: RunningInstance, request: Request, deployment_id: DeploymentId, form: Sent) -> Response:
    typed = form.text("reason")
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        deployment = queries.get(session, caller, deployment_id, needs=Role.ADMIN)
        try:
            reason = forms.parsed(_Rejection, {"reason": typed or None}).reason
        except errors.Invalid as error:
            space = session.get_one(Space, deployment.space_id)
            context: dict[str, Any] = {"deployment": deployment, "space": space, "reason": typed}
            return render.page(request, "reject.html", refused=error, **context)
        limits = Limits.of(instance.settings)
        gates.reject(session, limits, deployment, actor=caller.user_id, name=caller.name, reason=reason)
    said = Flash("good", f"Deployment #{deployment.number} is rejected. Nothing was deployed.")
    return flash.redirect(request, f"/deployments/{deployment_id}", said)


class _Rejection(BaseModel):
    reason: Reason | None


def _context(session: Session, caller: Caller, deployment: Deployment) -> dict[str, Any]:
    space = session.get_one(Space, deployment.space_id)
    managed, role = space.deleted_at is None, caller.teams[space.team_id]
    return space_frame.held_back(session, space) | {
        "deployment": deployment,
        "space": space,
        "steps": timeline.steps(deployment, timeline.usual(session, deployment), clock.now()),
        "may_deploy": managed and role.covers(Role.DEPLOYER),
        "may_change": managed and role.covers(Role.ADMIN),
    }
