"""Webhooks of the caller."""

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import context
from localhub.errors import HubError

Webhook = dict[str, Any]
SECRET = re.compile(r"^[\x20-\x7F]*$")


async def collection(request: Request) -> Response:
    who, store = context.user(request), context.hub(request).store
    if request.method == "GET":
        return JSONResponse([_shown(item) for item in store.webhooks() if item["owner"] == who.name])
    webhook: Webhook = {"id": secrets.token_hex(12), "owner": who.name, "disabled": False}
    return _saved(request, webhook, await context.document(request))


async def one(request: Request) -> Response:
    webhook = _own(request)
    if request.method == "POST":
        return _saved(request, webhook, await context.document(request))
    if request.method == "DELETE":
        context.hub(request).store.remove_webhook(webhook["id"])
        return JSONResponse({})
    return JSONResponse({"webhook": _shown(webhook)})


async def switch(request: Request) -> Response:
    webhook = _own(request)
    webhook["disabled"] = request.path_params["to"] == "disable"
    context.hub(request).store.save_webhook(webhook)
    return JSONResponse({"webhook": _shown(webhook)})


def _saved(request: Request, webhook: Webhook, facts: dict[str, Any]) -> Response:
    if not SECRET.match(facts.get("secret") or ""):
        raise HubError(400, '"secret" may hold printable ASCII characters only')
    url = facts.get("url", webhook.get("url"))
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise HubError(400, '"url" is required: localhub does not start jobs from webhooks')
    webhook["url"] = url
    webhook["watched"] = facts.get("watched") or []
    webhook["domains"] = facts.get("domains") or webhook.get("domains") or ["repo", "discussion"]
    webhook["secret"] = facts.get("secret", webhook.get("secret"))
    context.hub(request).store.save_webhook(webhook)
    return JSONResponse({"webhook": _shown(webhook)})


def _own(request: Request) -> Webhook:
    who = context.user(request)
    for webhook in context.hub(request).store.webhooks():
        if webhook["id"] == request.path_params["id"] and webhook["owner"] == who.name:
            return webhook
    raise HubError(404, "Webhook not found")


def _shown(webhook: Webhook) -> Webhook:
    shown = {
        key: webhook[key] for key in ("id", "url", "watched", "domains", "disabled", "lastTriggerAt") if key in webhook
    }
    return shown | {"hasSecret": bool(webhook.get("secret"))}


ROUTES = [
    Route("/api/settings/webhooks", collection, methods=["GET", "POST"]),
    Route("/api/settings/webhooks/{id}", one, methods=["GET", "POST", "DELETE"]),
    Route("/api/settings/webhooks/{id}/{to:str}", switch, methods=["POST"]),
]
