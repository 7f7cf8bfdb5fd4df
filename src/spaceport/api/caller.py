"""Who is calling, as far as the access token says, and the instance that is called.

Neither touches the database: an endpoint asks `accounts.queries.caller(session, claims)` first in its own
unit of work. A session held by a dependency across the endpoint deadlocks the thread pool under load.
"""

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts import queries
from spaceport.accounts.caller import Caller
from spaceport.accounts.tokens import Claims
from spaceport.deploy_tokens import commands as deploy_tokens
from spaceport.deploy_tokens.commands import Presented
from spaceport.instance import Instance

TOKEN_PATH = "/api/v1/auth/token"  # noqa: S105

_bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_PATH, refreshUrl=TOKEN_PATH, auto_error=False)


# `async` although they wait for nothing: FastAPI would send plain functions through the thread pool.
async def running_instance(request: Request) -> Instance:
    return cast("Instance", request.app.state.instance)


async def verified_claims(
    instance: Annotated[Instance, Depends(running_instance)],
    token: Annotated[str | None, Depends(_bearer)],
) -> Claims:
    if not token:
        raise errors.Unauthorized(
            "This needs an access token.",
            code="not_signed_in",
            fix=f"Sign in at POST {TOKEN_PATH} and send `Authorization: Bearer <access token>`.",
        )
    if token.startswith(deploy_tokens.PREFIX):
        raise errors.Forbidden(
            "A deploy token uploads, deploys its space and reads its deployments, and may do nothing else.",
            code="deploy_token_not_enough",
            fix=f"Sign in at POST {TOKEN_PATH} for this.",
        )
    return instance.access_tokens.verify(token)


async def verified_credential(
    instance: Annotated[Instance, Depends(running_instance)],
    token: Annotated[str | None, Depends(_bearer)],
) -> Claims | Presented:
    """For what a deploy token may do too."""
    if token and token.startswith(deploy_tokens.PREFIX):
        return deploy_tokens.read(token)
    return await verified_claims(instance, token)


def asking(session: Session, credential: Claims | Presented) -> Caller:
    """Raises Unauthorized for a session that has ended and a token that does not count any more."""
    if isinstance(credential, Presented):
        return deploy_tokens.caller(session, credential)
    return queries.caller(session, credential)


RunningInstance = Annotated[Instance, Depends(running_instance)]
SignedIn = Annotated[Claims, Depends(verified_claims)]
MayDeploy = Annotated[Claims | Presented, Depends(verified_credential)]
