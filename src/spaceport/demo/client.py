"""The REST API as the demo uses it, and as anybody else would."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from spaceport.errors import UpstreamFailed

_RECONNECTS = 20
_PAUSE = 0.5


@dataclass(frozen=True)
class Event:
    """`deployment.building`, `log` …"""

    kind: str
    data: dict[str, Any]

    @property
    def final(self) -> bool:
        return self.kind.removeprefix("deployment.") in {"succeeded", "failed", "canceled", "superseded"}


class Client:
    """Every call raises UpstreamFailed with the problem's own words when the API refuses."""

    def __init__(self, address: str) -> None:
        # A proxy for the internet has no business between two programs on this machine.
        self._http = httpx.Client(base_url=f"{address}/api/v1", trust_env=False, timeout=60)

    def close(self) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str) -> bool:
        """Registers the account if there is none yet; whether it was new."""
        wanted = {"email": email, "name": "Demo", "password": password}
        registered = self._http.post("/auth/register", json=wanted)
        if registered.status_code != 409:
            _checked(registered)
        form = {"grant_type": "password", "username": email, "password": password}
        tokens = _checked(self._http.post("/auth/token", data=form)).json()
        self._http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return registered.status_code == 201

    def ensure_space(self, owner: str, name: str, **wanted: object) -> bool:
        """Creates the space if it is not managed yet; whether it did."""
        found = self._http.get(f"/spaces/{owner}/{name}")
        if found.status_code != 404:
            _checked(found)
            return False
        _checked(self._http.post("/spaces", json={"owner": owner, "name": name, **wanted}))
        return True

    def upload(self, archive: bytes) -> str:
        answer = self._http.post("/uploads", files={"file": ("app.tar.gz", archive, "application/gzip")})
        return str(_checked(answer).json()["id"])

    def deploy(self, owner: str, name: str, upload_id: str) -> str:
        source = {"kind": "upload", "upload_id": upload_id}
        answer = self._http.post(f"/spaces/{owner}/{name}/deployments", json={"source": source})
        return str(_checked(answer).json()["id"])

    def follow(self, deployment_id: str) -> Iterator[Event]:
        """What happens, once each and in order, up to the final event. A cut stream is taken up where it was cut."""
        seen = ""
        for _ in range(_RECONNECTS):
            try:
                for event_id, event in self._events(deployment_id, seen):
                    seen = event_id
                    yield event
                    if event.final:
                        return
            except httpx.TransportError:
                pass
            time.sleep(_PAUSE)
        raise UpstreamFailed(
            f"The events of {deployment_id} break off again and again.",
            code="events_cut",
            fix="Read the log of Spaceport.",
        )

    def _events(self, deployment_id: str, last_id: str) -> Iterator[tuple[str, Event]]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._http.stream("GET", f"/deployments/{deployment_id}/events", headers=headers) as stream:
            if stream.is_error:
                stream.read()
            _checked(stream)
            fields: dict[str, str] = {}
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    yield fields["id"], Event(fields["event"], json.loads(fields["data"]))
                    fields = {}


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        raise UpstreamFailed(problem["detail"], code=problem["code"], fix=problem["fix"])
    except (ValueError, KeyError, TypeError):
        raise UpstreamFailed(
            f"Spaceport answered {answer.status_code}.", code="unexpected_answer", fix="Read the log of Spaceport."
        ) from None
