"""A real Spaceport process for tests, and a person who uses it over HTTP."""

import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
START_TIMEOUT = 30
STOP_TIMEOUT = 20
# Whatever happens to a deployment in a test is over by then.
DEPLOYMENT_TIMEOUT = 90


class SpaceportServer:
    """`spaceport serve`, with `options` if any, on a free port and with an embedded database in its own folder."""

    def __init__(self, folder: Path, hub_url: str, *options: str, **settings: str) -> None:
        self.folder = folder
        self._options = options
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(folder),
            "HF_ENDPOINT": hub_url,
            "HF_TOKEN": "hf_local",
            "EGRESS_ALLOWED_HOSTS": "127.0.0.1",
        } | settings
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "spaceport", "serve", *self._options],
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=self.folder,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"Spaceport did not start:\n{self.log.read_text()[-3000:]}")

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def person(self, name: str | None = None) -> "Person":
        """A newly registered user."""
        return Person(self.url, name or f"person-{secrets.token_hex(4)}")

    def _end(self, number: int) -> None:
        if self._process:
            if self._process.poll() is None:
                self._process.send_signal(number)
            self._process.wait(STOP_TIMEOUT)
            self._process = None


class Person:
    """Somebody with an account; every method is one thing that a person does."""

    def __init__(self, url: str, name: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=30)
        self.email, self.password = f"{name}@example.com", "correct horse battery staple"
        self._sign_in = {"username": self.email, "password": self.password}
        self.post(
            "/auth/register",
            {"email": self.email, "name": name, "password": self.password},
        )
        self.sign_in()

    def sign_in(self) -> None:
        answer = self.http.post("/auth/token", data=self._sign_in)
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._signed_in_at = time.monotonic()

    def stay_signed_in(self) -> None:
        """Signs in again before the access token ends in the middle of a test."""
        if time.monotonic() > self._signed_in_at + 300:
            self.sign_in()

    def get(self, path: str, **params: Any) -> Any:
        return _checked(self.http.get(path, params=params))

    def post(self, path: str, body: Any = None) -> Any:
        return _checked(self.http.post(path, json=body))

    def connect_hub(self, token: str = "hf_local") -> dict[str, Any]:
        found: dict[str, Any] = self.post("/hub-accounts", {"token": token})
        return found

    def upload(self, files: Mapping[str, str]) -> dict[str, str]:
        """The archive as a source."""
        answer = _checked(self.http.post("/uploads", files={"file": ("app.tar.gz", archive(files))}))
        return {"kind": "upload", "upload_id": answer["id"]}

    def manage(self, repo_id: str, source: Mapping[str, Any] | None = None, **wanted: Any) -> dict[str, Any]:
        owner, _, name = repo_id.partition("/")
        fast = {"interval": 0.2, "within": 20}
        health = fast | wanted.pop("health", {})
        body = {"owner": owner, "name": name, "source": source, "visibility": "public", "health": health} | wanted
        space: dict[str, Any] = self.post("/spaces", body)
        return space

    def deploy(self, repo_id: str, **wanted: Any) -> dict[str, Any]:
        deployment: dict[str, Any] = self.post(f"/spaces/{repo_id}/deployments", wanted)
        return deployment

    def finished(self, deployment: Mapping[str, Any]) -> dict[str, Any]:
        """The deployment once its event stream has ended."""
        for _ in self.events(deployment):
            pass
        final: dict[str, Any] = self.get(f"/deployments/{deployment['id']}")
        return final

    def events(
        self, deployment: Mapping[str, Any], last_event_id: str | None = None
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(id, event, data) of a deployment as they come, until the stream ends."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        deadline = time.monotonic() + DEPLOYMENT_TIMEOUT
        path = f"/deployments/{deployment['id']}/events"
        with self.http.stream("GET", path, headers=headers, timeout=DEPLOYMENT_TIMEOUT) as answer:
            frame: dict[str, str] = {}
            for line in answer.iter_lines():
                assert time.monotonic() < deadline, f"still not over: {self.get(path.removesuffix('/events'))}"
                key, _, value = line.partition(": ")
                if key:
                    frame[key] = value
                elif "data" in frame:
                    yield frame["id"], frame["event"], json.loads(frame["data"])
                    frame = {}

    def until(self, deployment: Mapping[str, Any], event: str) -> dict[str, Any]:
        """Wait for one event of a running deployment."""
        for _, kind, data in self.events(deployment):
            if kind == event:
                return data
        raise AssertionError(f"{event} never came: {self.get('/deployments/' + deployment['id'])}")

    def log(self, deployment: Mapping[str, Any], step: str | None = None) -> str:
        page = self.get(f"/deployments/{deployment['id']}/logs", limit=5000, **({"step": step} if step else {}))
        return "\n".join(line["line"] for line in page["items"])


def archive(files: Mapping[str, str]) -> bytes:
    """A tar.gz of these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            tar.addfile(member, io.BytesIO(content.encode()))
    return packed.getvalue()


def _checked(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None
