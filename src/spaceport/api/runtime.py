"""A Space's condition: what was last observed, asked for now, or waited for."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from spaceport import clock
from spaceport.accounts import queries as accounts
from spaceport.accounts.tokens import Claims
from spaceport.api import conditional
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.deployments import queries as deployments
from spaceport.errors import Conflict, Invalid
from spaceport.instance import Instance
from spaceport.runtime.model import Observation, RuntimePublic
from spaceport.runtime.waiting import Outcome, Waiting, Wanted
from spaceport.spaces import queries
from spaceport.spaces.look import look
from spaceport.spaces.model import Space

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

# What was observed shortly before counts: the answer to the restart that a script has just asked for.
_RECENT = timedelta(seconds=5)

Stage = Literal[
    "running",
    "running_building",
    "running_app_starting",
    "building",
    "app_starting",
    "paused",
    "sleeping",
    "stopped",
    "no_app_file",
    "config_error",
    "build_error",
    "runtime_error",
]


def waiting(instance: Instance) -> Waiting:
    """The one of this process."""

    def read(space_id: str) -> Observation | None:
        with instance.database.unit_of_work() as session:
            return session.get(Observation, space_id)

    def ask(space_id: str) -> Observation:
        with instance.database.unit_of_work() as session:
            space = session.get_one(Space, space_id)
        return look(instance, space, give_way=True)

    return Waiting(
        lambda space_id: run_in_threadpool(read, space_id), lambda space_id: run_in_threadpool(ask, space_id)
    )


@router.get("/{owner}/{name}/runtime")
async def read_runtime(
    instance: RunningInstance,
    claims: SignedIn,
    request: Request,
    response: Response,
    owner: Owner,
    name: Name,
    fresh: Annotated[bool, Query(description="Ask the Hub now; one call of its quota.")] = False,
    wait_for: Annotated[Stage | None, Query(description="Answer once the Space is in this stage.")] = None,
    sha: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{7,40}$", description="And once it serves this commit of the Hub.")
    ] = None,
    seconds: Annotated[float, Query(alias="timeout", gt=0, le=3600, description="Seconds to wait.")] = 300,
) -> RuntimePublic:
    """What was observed of it, with its age; at most about a minute old, and the Hub is not asked.

    `wait_for=running` waits for the *stage* RUNNING, which right after a push may still be the old commit: give `sha`
    as well. 409 `stage_not_reached` when the time is over, 409 `stage_stands` as soon as the Space is in an error or a
    pause that ends only when somebody acts.
    """
    if sha is not None and wait_for is None:
        raise Invalid("sha belongs to wait_for.", code="sha_without_wait_for", fix="Send wait_for=running as well.")
    space = await run_in_threadpool(_space, instance, claims, owner, name)
    if wait_for is not None:
        outcome = await request.app.state.waiting.until(
            space.id,
            Wanted(wait_for.upper(), sha),
            since=clock.now() - _RECENT,
            within=seconds,
            gone=request.is_disconnected,
        )
        _require_reached(space, outcome, wait_for, seconds)
    shown = await run_in_threadpool(_shown, instance, space, fresh=fresh)
    # Its age alone is no news.
    response.headers["ETag"] = conditional.weak(shown.model_dump_json(exclude={"age_seconds"}))
    return shown


def _space(instance: Instance, claims: Claims, owner: str, name: str) -> Space:
    with instance.database.unit_of_work() as session:
        return queries.get(session, accounts.caller(session, claims), owner, name)


def _shown(instance: Instance, space: Space, *, fresh: bool) -> RuntimePublic:
    with instance.database.unit_of_work() as session:
        seen = None if fresh else session.get(Observation, space.id)
    seen = seen or look(instance, space)
    with instance.database.unit_of_work() as session:
        return deployments.runtime(session, session.get_one(Space, space.id), seen)


def _require_reached(space: Space, outcome: Outcome, wait_for: str, seconds: float) -> None:
    """Raises Conflict `stage_stands` or `stage_not_reached`."""
    if outcome.reached:
        return
    seen = outcome.seen
    facts: dict[str, Any] = {"stage": seen.stage if seen else None, "sha": seen.runtime_sha if seen else None}
    is_now = f"{space.repo_id} is {facts['stage'] or 'not to be seen on the Hub'}"
    said = f" The Hub said: {seen.error}" if seen is not None and seen.error else ""
    if outcome.stands:
        raise Conflict(
            f"{is_now}, which does not become {wait_for.upper()} by itself.{said}",
            code="stage_stands",
            fix="Look at its log; a restart or another deployment brings it on.",
            **facts,
        )
    raise Conflict(
        f"{is_now}, not {wait_for.upper()}, after {seconds:g} seconds.{said}",
        code="stage_not_reached",
        fix="Wait again, or look at its log.",
        **facts,
    )
