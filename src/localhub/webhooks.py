"""Webhooks out: what happened to a repository, told to whoever watches it."""

import asyncio
import json
import logging
from typing import Any

import httpx

from localhub import clock
from localhub.accounts import stable_id
from localhub.jobs.jobs import Jobs
from localhub.spaces.model import Space
from localhub.spaces.store import Store

TIMEOUT = 10
logger = logging.getLogger(__name__)


class Webhooks:
    def __init__(self, store: Store, jobs: Jobs, address: str) -> None:
        self._store = store
        self._jobs = jobs
        self._address = address
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self._under_way: set[asyncio.Task[None]] = set()

    def emit(self, space: Space, action: str, scope: str, **facts: Any) -> None:
        """Tells every enabled webhook that watches the Space or its owner. Returns at once."""
        for webhook in self._store.webhooks():
            if webhook["disabled"] is False and "repo" in webhook["domains"] and _watches(webhook, space):
                payload = self._payload(space, action, scope, webhook) | facts
                task = asyncio.create_task(self._deliver(webhook, payload))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await self._client.aclose()

    async def _deliver(self, webhook: dict[str, Any], payload: dict[str, Any]) -> None:
        headers = {"X-Webhook-Secret": webhook["secret"]} if webhook.get("secret") else {}
        try:
            if webhook.get("job"):
                self._begin_job(webhook, payload)
            else:
                await self._client.post(webhook["url"], json=payload, headers=headers)
        except httpx.HTTPError as error:
            logger.warning("webhook %s: %r", webhook["id"], error)
        webhook["lastTriggerAt"] = clock.now()
        if any(known["id"] == webhook["id"] for known in self._store.webhooks()):
            self._store.save_webhook(webhook)

    def _begin_job(self, webhook: dict[str, Any], payload: dict[str, Any]) -> None:
        told = {
            "WEBHOOK_PAYLOAD": json.dumps(payload),
            "WEBHOOK_REPO_ID": payload["repo"]["name"],
            "WEBHOOK_REPO_TYPE": payload["repo"]["type"],
            "WEBHOOK_SECRET": webhook.get("secret") or "",
        }
        spec = webhook["job"] | {"environment": webhook["job"].get("environment", {}) | told}
        initiator = {"type": "webhook", "id": webhook["id"]}
        self._jobs.begin(webhook["job_owner"], spec, webhook["owner"], initiator)

    def _payload(self, space: Space, action: str, scope: str, webhook: dict[str, Any]) -> dict[str, Any]:
        repo = {
            "type": "space",
            "name": space.repo_id,
            "id": space.id,
            "private": space.private,
            "subdomain": space.subdomain,
            "headSha": space.head,
            "tags": [space.sdk, "region:us"],
            "url": {
                "web": f"{self._address}/spaces/{space.repo_id}",
                "api": f"{self._address}/api/spaces/{space.repo_id}",
            },
            "owner": {"id": stable_id(space.owner)},
        }
        return {
            "event": {"action": action, "scope": scope},
            "repo": repo,
            "webhook": {"id": webhook["id"], "version": 3},
        }


def _watches(webhook: dict[str, Any], space: Space) -> bool:
    names = {("space", space.repo_id), ("user", space.owner), ("org", space.owner)}
    return any((item["type"], item["name"]) in names for item in webhook["watched"])
