"""Who is looking at a page."""

from typing import Annotated, cast

from fastapi import Depends, Request
from sqlmodel import Session

from spaceport.accounts import browser_sessions
from spaceport.accounts.caller import Caller
from spaceport.accounts.sign_in import Client
from spaceport.dashboard import cookies
from spaceport.errors import Unauthorized
from spaceport.instance import Instance


# `async` although it waits for nothing: FastAPI would send a plain function through the thread pool.
async def running_instance(request: Request) -> Instance:
    return cast("Instance", request.app.state.instance)


RunningInstance = Annotated[Instance, Depends(running_instance)]


def caller(session: Session, request: Request) -> Caller:
    """The first thing a page does in its unit of work. Raises `errors.Unauthorized`, which leads to the sign-in."""
    cookie = cookies.read(request, cookies.SESSION)
    if cookie is None:
        raise Unauthorized("You are not signed in.", code="not_signed_in", fix="Sign in.")
    found = browser_sessions.caller(session, cookie)
    # For the page's frame, which names who is signed in.
    request.state.caller = found
    return found


def client(request: Request) -> Client:
    """Where a sign-in comes from."""
    return Client(
        address=request.client.host if request.client else "", user_agent=request.headers.get("user-agent", "")
    )
