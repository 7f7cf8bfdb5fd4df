"""What the commands of `commands.py` are tried on."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.localhub import spaces
from tests.localhub_server import LocalHub

NUMBERS = itertools.count()
VOLUME = {"type": "bucket", "source": "local/data", "mountPath": "/data"}


def open_shop(hub: LocalHub) -> None:
    """The one Space that nobody changes."""
    options = {
        "space_secrets": [{"key": "KEPT", "value": "x"}],
        "space_variables": [{"key": "MODE", "value": "test"}],
    }
    spaces.docker(hub.api(), "local/demo", **options)
    hub.wait("local/demo", "RUNNING", sha=spaces.push_app(hub.api(), "local/demo"))


class Stock(dict[str, str]):
    """Makes what is asked for, once: `"{job}".format_map(Stock(hub))`."""

    def __init__(self, hub: LocalHub) -> None:
        super().__init__(space="local/demo")
        self.api = hub.api()
        self.hub = hub

    def __missing__(self, kind: str) -> str:
        make: Callable[[], str] = getattr(self, f"_{kind}")
        self[kind] = make()
        return self[kind]

    def _new(self) -> str:
        return f"local/new-{next(NUMBERS)}"

    def _fresh(self) -> str:
        """A name without its namespace, not taken yet."""
        return self._new().split("/")[1]

    def _short(self) -> str:
        """The name of a Space that is there, without its namespace."""
        return self._page().split("/")[1]

    def _app(self) -> str:
        """A docker Space without an app, to be changed at will."""
        return self._space("docker")

    def _paid(self) -> str:
        """On hardware whose sleep time can be set."""
        repo_id = self._app()
        self.api.request_space_hardware(repo_id, "t4-small")
        return repo_id

    def _page(self) -> str:
        return self._space("static")

    def _mounted(self) -> str:
        repo_id = self._app()
        with self.hub.http() as client:
            client.put(f"/api/spaces/{repo_id}/volumes", json={"volumes": [VOLUME]}).raise_for_status()
        return repo_id

    def _branched(self) -> str:
        repo_id = self._page()
        self.api.create_branch(repo_id, branch="dev", repo_type="space")
        return repo_id

    def _tagged(self) -> str:
        repo_id = self._page()
        self.api.create_tag(repo_id, tag="v1", repo_type="space")
        return repo_id

    def _bucket(self) -> str:
        """With a file in it, as a job would write one."""
        bucket = self._new()
        self.api.create_bucket(bucket, private=True)
        folder = self.hub.folder / "buckets" / bucket / "a"
        folder.mkdir()
        (folder / "one").write_text("1")
        return bucket

    def _webhook(self) -> str:
        watched: Any = [{"type": "space", "name": "local/demo"}]
        return self.api.create_webhook(url="http://127.0.0.1:9/", watched=watched, domains=["repo"]).id

    def _job(self) -> str:
        job = self._run("print('it ran')")
        self.api.wait_for_job(job, namespace="local", poll_interval=0.05)
        return job

    def _busy(self) -> str:
        """Not for long: while it lasts it takes one of the few places there are for jobs."""
        job = self._run("import time; time.sleep(15)")
        self.api.wait_for_job(job, namespace="local", stages=["RUNNING"], poll_interval=0.05)
        return job

    def _brief(self) -> str:
        """Runs long enough to be measured."""
        job = self._run("import time; time.sleep(1.5)")
        self.api.wait_for_job(job, namespace="local", stages=["RUNNING"], poll_interval=0.05)
        return job

    def _schedule(self) -> str:
        command = ["python", "-c", "1"]
        return self.api.create_scheduled_job(
            image="python:3.11", command=command, schedule="@yearly", namespace="local"
        ).id

    def _run(self, code: str) -> str:
        return self.api.run_job(image="python:3.11", command=["python", "-c", code], namespace="local").id

    def _space(self, sdk: str) -> str:
        repo_id = self._new()
        self.api.create_repo(repo_id, repo_type="space", space_sdk=sdk)
        return repo_id
