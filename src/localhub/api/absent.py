"""What localhub does not have, refused in a sentence instead of a bare 404."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localhub.api import context
from localhub.errors import HubError


async def xet(request: Request) -> Response:
    """At once, and not to be tried again: a client that waited here would look as if it hung."""
    context.readable(request)
    raise HubError(404, "localhub does not speak xet: set HF_HUB_DISABLE_XET=1, or serve without --lfs-over")


ROUTES = [
    Route("/api/spaces/{owner}/{name}/xet-read-token/{rest:path}", xet),
    Route("/api/spaces/{owner}/{name}/xet-write-token/{rest:path}", xet),
]
