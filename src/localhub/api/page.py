"""The page at `/`: which Spaces there are, how they are, where they answer."""

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from localhub.api import context
from localhub.hub import Hub
from localhub.spaces.model import Space

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>localhub</title>
<style>body{{font:16px/1.5 system-ui;margin:2rem}}td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}</style>
<h1>localhub</h1>
<table><thead><tr><th>Space<th>Stage<th>Commit<th>Address</thead><tbody>
{rows}
</tbody></table>
</html>
"""


async def index(request: Request) -> Response:
    hub = context.hub(request)
    # Whoever opens this page has the machine; still it names no private Space without a token.
    rows = [_row(hub, space) for space in hub.store if not space.private]
    return HTMLResponse(_PAGE.format(rows="\n".join(rows) or "<tr><td>None yet."))


async def space_page(request: Request) -> Response:
    space, hub = context.readable(request), context.hub(request)
    return RedirectResponse(f"http://{hub.config.host}:{space.port}/")


def _row(hub: Hub, space: Space) -> str:
    address = f"http://{hub.config.host}:{space.port}"
    cells = (html.escape(space.repo_id), space.stage, (space.served or space.head)[:7])
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells) + f'<td><a href="{address}">{address}</a>'


ROUTES = [Route("/", index), Route("/spaces/{owner}/{name}", space_page)]
