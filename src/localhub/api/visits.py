"""A token to visit a private Space's app with, as a browser needs one."""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import context
from localhub.runner import visits


async def jwt(request: Request) -> Response:
    context.user(request)
    space = context.readable(request)
    seconds = min(context.number(request, "expires_in", visits.LONGEST), visits.LONGEST)
    token = context.hub(request).runner.workshop.signer.sign(visits.PURPOSE, space.id, seconds)
    return JSONResponse({"token": token, "accessToken": f"Bearer {token}", "exp": int(time.time()) + seconds})


ROUTES = [Route("/api/spaces/{owner}/{name}/jwt", jwt)]
