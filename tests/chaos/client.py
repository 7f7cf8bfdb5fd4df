"""A client in front of several replicas: it goes to another one when the one it talks to is gone."""

import time
from collections.abc import Callable
from typing import Any

import httpx
from tests.spaceport_server import archive

_PATIENCE = 120


class Client:
    """`meanwhile` is called while it waits: the storm must not stand still with its client."""

    def __init__(self, replicas: list[str], meanwhile: Callable[[], None]) -> None:
        self._replicas = replicas
        self._meanwhile = meanwhile
        self._current = 0
        self._http = httpx.Client(trust_env=False, timeout=5)
        self._account = {"username": "chaos@example.com", "password": "correct horse battery staple"}
        self._json(
            "POST",
            "/auth/register",
            {"email": "chaos@example.com", "name": "Chaos", "password": self._account["password"]},
        )
        self._sign_in()
        self._json("POST", "/hub-accounts", {"token": "hf_local"})

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self._http.headers["Authorization"]}

    def close(self) -> None:
        self._http.close()

    def manage(self, name: str) -> None:
        health = {"interval": 0.2, "successes": 1}
        self._json(
            "POST",
            "/spaces",
            {"owner": "local", "name": name, "sdk": "static", "visibility": "public", "health": health},
        )

    def deploy(self, name: str, number: int, key: str) -> str:
        """The id of an accepted deployment. The key makes a repeated request the same request."""
        files = {"file": ("site.tar.gz", archive({"index.html": f"<title>{number}</title>"}))}
        upload = self._request("POST", "/uploads", files=files).json()["id"]
        body = {"source": {"kind": "upload", "upload_id": upload}, "if_busy": "wait"}
        answer = self._request("POST", f"/spaces/local/{name}/deployments", json=body, headers={"Idempotency-Key": key})
        return str(answer.json()["id"])

    def _sign_in(self) -> None:
        answer = self._request("POST", "/auth/token", data=self._account)
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _json(self, method: str, path: str, body: Any) -> Any:
        return self._request(method, path, json=body).json()

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Tries again, elsewhere, until a replica answers with something other than an outage."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._http.request(method, f"{self._replicas[self._current]}/api/v1{path}", **options)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in (409, 429, 500, 502, 503):
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: {answer.text if answer else 'no replica answers'}")
            self._current = (self._current + 1) % len(self._replicas)
            self._meanwhile()
            time.sleep(0.2)
        if answer.status_code == 401 and path != "/auth/token":
            self._sign_in()
            return self._request(method, path, **options)
        answer.raise_for_status()
        return answer
