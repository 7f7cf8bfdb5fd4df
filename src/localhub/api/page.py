"""Pages to look at: which Spaces there are, how they are, and what they say."""

import html
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from localhub.api import context
from localhub.hub import Hub
from localhub.spaces.model import Space

SHOWN_LINES = 500
_STYLE = """
:root{color-scheme:light dark;--line:#8883}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;padding:0 1.5rem;max-width:75rem}
h1{font-size:1.4rem}h2{font-size:1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.45rem 1rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}td.said{font:13px/1.6 ui-monospace,monospace;max-width:24rem;overflow:hidden;
text-overflow:ellipsis;white-space:nowrap}
pre{font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;
border:1px solid var(--line);border-radius:6px;padding:1rem}
.stage{font-weight:600}.RUNNING{color:#178a3c}.ERROR{color:#d1242f}.OTHER{color:#b07400}
nav{float:right}.warning{color:#b07400}
"""
# Nothing of what a page shows may run, and nothing is loaded from anywhere.
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


async def index(request: Request) -> Response:
    hub, who = context.hub(request), context.caller(request)
    spaces = [space for space in hub.store if not space.private or hub.accounts.is_member(who, space.owner)]
    rows = "".join(_row(hub, space, open_log=_may_look(request, space)) for space in spaces)
    head = "<thead><tr><th>Space<th>SDK<th>Stage<th>Commit<th>Address<th>Last said</thead>"
    table = f"<table>{head}<tbody>{rows}</table>" if rows else "<p>No Spaces yet.</p>"
    signed = f"signed in as {html.escape(who.name)}" if who.user else '<a href="/sign-in">sign in</a>'
    warning = hub.runner.workshop.warning if _is_here_alone(request) else ""
    said = f"<p class=warning>{html.escape(warning)}" if warning else ""
    return _page("localhub", f"<nav>{signed}</nav><h1>localhub</h1>{said}{table}")


async def sign_in(request: Request) -> Response:
    """The browser asks for a user name, which may be any, and a token as the password."""
    if context.caller(request).user is None:
        return HTMLResponse("Sign in with a token as the password.", 401, context.CHALLENGE)
    return RedirectResponse("/")


async def space_page(request: Request) -> Response:
    space, hub = context.repository(request, write=False), context.hub(request)
    return RedirectResponse(f"http://{hub.config.host}:{space.port}/")


async def logs(request: Request) -> Response:
    space, hub = context.repository(request, write=False), context.hub(request)
    if not _may_look(request, space):
        space = context.repository(request, write=True)
    supervisor = hub.runner.of(space)
    parts = [f'<p><a href="/">All Spaces</a><h1>{html.escape(space.repo_id)} {_stage(space)}</h1>']
    parts.append(f"<p>{_link(hub, space)}")
    parts += [f"<pre>{html.escape(space.error)}</pre>"] if space.error else []
    for title, log in (("App", supervisor.run_log), ("Build", supervisor.build_log)):
        parts.append(f"<h2>{title}</h2><pre>{html.escape(chr(10).join(log.tail(SHOWN_LINES)))}</pre>")
    return _page(f"{html.escape(space.repo_id)} - localhub", *parts)


def _row(hub: Hub, space: Space, *, open_log: bool) -> str:
    supervisor = hub.runner.of(space)
    name = html.escape(space.repo_id)
    said: Iterable[str] = (supervisor.run_log.tail(1) or supervisor.build_log.tail(1)) if open_log else ()
    shown = f'<a href="/spaces/{name}/logs">{name}</a>'
    cells = (shown, html.escape(space.sdk), _stage(space), (space.served or space.head)[:7], _link(hub, space))
    return f"<tr>{''.join(f'<td>{cell}' for cell in cells)}<td class=said>{html.escape(''.join(said))}"


def _stage(space: Space) -> str:
    kind = "RUNNING" if space.stage == "RUNNING" else "ERROR" if space.stage.endswith("ERROR") else "OTHER"
    return f'<span class="stage {kind}">{html.escape(space.stage)}</span>'


def _link(hub: Hub, space: Space) -> str:
    address = f"http://{hub.config.host}:{space.port}"
    return f'<a href="{address}">{address}</a>'


def _may_look(request: Request, space: Space) -> bool:
    """A public Space's log is open to whoever sits at this machine, as everything else of it is."""
    if context.hub(request).accounts.may_change(context.caller(request), space.owner, space.creator):
        return True
    return not space.private and _is_here_alone(request)


def _is_here_alone(request: Request) -> bool:
    """Whether the caller sits at this machine and calls it by its own name: another name, a page elsewhere may have."""
    return all(map(_is_here, (request.client.host if request.client else "", request.url.hostname or "")))


def _is_here(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _page(title: str, *parts: str) -> Response:
    head = f'<meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>{title}</title>'
    body = f'<!doctype html><html lang="en">{head}<style>{_STYLE}</style>{"".join(parts)}</html>\n'
    return HTMLResponse(body, headers=_HEADERS)


ROUTES = [
    Route("/", index),
    Route("/sign-in", sign_in),
    Route("/spaces/{owner}/{name}", space_page),
    Route("/spaces/{owner}/{name}/logs", logs),
]
