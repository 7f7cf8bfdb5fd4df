"""Asking a Space's app, also a private one, for one page: what it answers, as data.

Not passed on as it is: what an app sends must never run as a page of this origin.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field
from starlette.concurrency import run_in_threadpool

from spaceport.accounts import queries as accounts
from spaceport.accounts.model import Role
from spaceport.accounts.tokens import Claims
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.spaces import Name, Owner
from spaceport.errors import UpstreamFailed
from spaceport.health.rule import is_path
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces import queries
from spaceport.spaces.look import look
from spaceport.spaces.model import Space, Visibility

router = APIRouter(prefix="/api/v1/spaces", tags=["spaces"])

_WITHIN = 10.0


class AppAnswer(BaseModel):
    """What the app answered to one GET; redirects are not followed."""

    url: str = Field(description="Where it was asked.", examples=["https://acme-demo.hf.space/health"])
    private: bool = Field(description="Whether a browser needs to be signed in on the Hub to see it.")
    status: int
    content_type: str | None
    location: str | None = Field(description="Where it redirects to.")
    seconds: float
    body: str = Field(description="As text; at most 64 KiB of it.")
    cut: bool = Field(description="Whether there was more.")


@router.get("/{owner}/{name}/app")
async def ask_app(
    instance: RunningInstance,
    claims: SignedIn,
    owner: Owner,
    name: Name,
    response: Response,
    path: Annotated[str, Query(max_length=500, description="On the app's own host."), AfterValidator(is_path)] = "/",
) -> AppAnswer:
    """One GET to the running app. A private one is opened with a token for this Space alone."""
    space, host, token = await run_in_threadpool(_opened, instance, claims, owner, name)
    answer = await instance.prober.get(host, path, within=_WITHIN, token=token)
    response.headers["Cache-Control"] = "no-store"
    return AppAnswer(
        url=host.rstrip("/") + path,
        private=space.visibility is Visibility.PRIVATE,
        status=answer.status,
        content_type=answer.headers.get("content-type"),
        location=answer.headers.get("location"),
        seconds=answer.seconds,
        body=answer.body.decode(errors="replace"),
        cut=answer.cut,
    )


def _opened(instance: Instance, claims: Claims, owner: str, name: str) -> tuple[Space, str, str | None]:
    """The space, where its app is, and what opens it."""
    with instance.database.unit_of_work() as session:
        space = queries.get(session, accounts.caller(session, claims), owner, name, needs=Role.DEPLOYER)
        hub = hub_accounts.connect(session, instance, space.hub_account_id)
    if space.host is None:
        look(instance, space)
        with instance.database.unit_of_work() as session:
            space = session.get_one(Space, space.id)
    if space.host is None:
        raise UpstreamFailed("The Hub gives no address for this Space.", code="no_address")
    token = hub.visit_token(space.repo_id) if space.visibility is Visibility.PRIVATE else None
    return space, space.host, token
