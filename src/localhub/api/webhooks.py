"""Webhooks of the caller."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.api import context, job_bodies, present_jobs
from localhub.api.jobs import runnable
from localhub.errors import HubError

Webhook = dict[str, Any]


async def collection(request: Request) -> Response:
    who, store = context.user(request), context.hub(request).store
    if request.method == "GET":
        return JSONResponse([_shown(item) for item in store.webhooks() if item["owner"] == who.name])
    context.may_write_to(request, who.name)
    webhook: Webhook = {"id": secrets.token_hex(12), "owner": who.name, "disabled": False}
    return _saved(request, webhook, await context.checked(request, job_bodies.NewWebhook))


async def one(request: Request) -> Response:
    webhook = _own(request)
    if request.method == "POST":
        return _saved(request, webhook, await context.checked(request, job_bodies.Webhook))
    if request.method == "DELETE":
        context.hub(request).store.remove_webhook(webhook["id"])
        return JSONResponse({})
    return JSONResponse({"webhook": _shown(webhook)})


async def switch(request: Request) -> Response:
    webhook = _own(request)
    if request.path_params["to"] not in {"enable", "disable"}:
        raise HubError(404, "Not found")
    webhook["disabled"] = request.path_params["to"] == "disable"
    context.hub(request).store.save_webhook(webhook)
    return JSONResponse({"webhook": _shown(webhook)})


def _saved(request: Request, webhook: Webhook, facts: dict[str, Any]) -> Response:
    _aim(request, webhook, facts)
    webhook["watched"] = facts.get("watched") or []
    webhook["domains"] = facts.get("domains") or webhook.get("domains") or ["repo", "discussion"]
    webhook["secret"] = facts.get("secret", webhook.get("secret"))
    context.hub(request).store.save_webhook(webhook)
    return JSONResponse({"webhook": _shown(webhook)})


def _aim(request: Request, webhook: Webhook, facts: dict[str, Any]) -> None:
    """What it does: calls an address, or begins a job. Secrets are not taken over from the job it is copied from."""
    if source := facts.get("jobSourceId"):
        job = context.hub(request).jobs.any(source)
        if job is None:
            raise HubError(404, "Job not found")
        context.may_write_to(request, job.owner)
        webhook.update(jobSourceId=source, job_owner=job.owner, job=job.spec | {"secrets": {}}, url=None)
    elif facts.get("job"):
        webhook.update(job_owner=webhook["owner"], job=runnable(facts["job"]), url=None)
    elif facts.get("url"):
        webhook.update(url=facts["url"], job=None, jobSourceId=None)
    if not webhook.get("url") and not webhook.get("job"):
        raise HubError(400, '"url" or "jobSourceId" is required')
    if webhook.get("job") and facts.get("secrets"):
        webhook["job"] = webhook["job"] | {"secrets": webhook["job"].get("secrets", {}) | facts["secrets"]}


def _own(request: Request) -> Webhook:
    who = context.user(request)
    if request.method != "GET":
        context.may_write_to(request, who.name)
    for webhook in context.hub(request).store.webhooks():
        if webhook["id"] == request.path_params["id"] and webhook["owner"] == who.name:
            return webhook
    raise HubError(404, "Webhook not found")


def _shown(webhook: Webhook) -> Webhook:
    keys = ("id", "url", "jobSourceId", "watched", "domains", "disabled", "lastTriggerAt")
    shown = {key: webhook[key] for key in keys if webhook.get(key) is not None}
    if webhook.get("job"):
        shown["job"] = present_jobs.webhook_job(webhook["job"])
    return shown | {"hasSecret": bool(webhook.get("secret"))}


ROUTES = [
    Route("/api/settings/webhooks", collection, methods=["GET", "POST"]),
    Route("/api/settings/webhooks/{id}", one, methods=["GET", "POST", "DELETE"]),
    Route("/api/settings/webhooks/{id}/{to:str}", switch, methods=["POST"]),
]
