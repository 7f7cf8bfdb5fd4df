"""What localhub does not have, refused in a sentence instead of a bare 404."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localhub.errors import HubError


async def buckets(_request: Request) -> Response:
    raise HubError(403, "localhub holds no buckets, and so no volume or script that travels in one")


ROUTES = [Route("/api/buckets/{rest:path}", buckets, methods=["GET", "POST", "PUT", "DELETE"])]
