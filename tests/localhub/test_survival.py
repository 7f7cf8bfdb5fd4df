"""What survives, and what must not."""

import contextlib
import time

import httpx
import psutil
import pytest
from tests.localhub import spaces

from localhub.git import run as git
from localhub.git import write


@pytest.fixture
def running(hub):
    api = hub.api()
    spaces.docker(api, "local/demo", space_secrets=[{"key": "TOKEN", "value": "kept"}])
    return hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo"))


def apps(hub) -> list[psutil.Process]:
    """Every process that works in the data folder, however it came to be."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd().startswith(str(hub.folder)):
                found.append(process)
    return found


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_running_space_comes_up_again_at_the_same_address(hub, running, end):
    port = hub.port
    getattr(hub, end)()
    hub.start(port=port)
    again = hub.wait("local/demo", "RUNNING", sha=running["sha"])
    assert again["domains"] == running["domains"]
    assert spaces.visit(again)["env"]["TOKEN"] == "kept"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_no_app_outlives_localhub(hub, running, end):
    left = apps(hub)
    assert left
    getattr(hub, end)()
    _gone, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
    with pytest.raises(httpx.ConnectError):
        spaces.visit(running)


def test_an_app_that_ignores_sigterm_is_killed(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    app = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + spaces.app()
    spaces.push(api, "local/demo", Dockerfile=spaces.DOCKERFILE, app_py=app)
    hub.wait("local/demo", "RUNNING")
    left = apps(hub)
    began = time.monotonic()
    hub.stop()
    _gone, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
    assert time.monotonic() - began > 1


def test_a_paused_space_stays_paused(hub, running):
    hub.api().pause_space("local/demo")
    hub.restart()
    assert hub.api().get_space_runtime("local/demo").stage == "PAUSED"


def test_a_kill_between_the_commit_and_its_note_loses_neither(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    before = spaces.push_app(api, "local/demo", "1")
    hub.wait("local/demo", "RUNNING", sha=before)
    hub.kill()
    sha = commit_behind_its_back(hub, before)
    hub.start()
    assert hub.api().space_info("local/demo").sha == sha
    hub.wait("local/demo", "RUNNING", sha=sha)
    assert spaces.push(hub.api(), "local/demo", one_txt="1", parent=sha)


def commit_behind_its_back(hub, parent: str) -> str:
    """What git is left with by a localhub that dies right after it was called."""
    (repository,) = (hub.folder / "repositories").glob("*.git")
    made = git.git(repository, "commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", "x", env=write.people("local"))
    write.update_ref(repository, "refs/heads/main", made.decode().strip())
    git.git(repository, "pack-refs", "--all")
    return made.decode().strip()


def test_webhooks_and_calls_survive_a_kill(hub):
    hub.api().create_webhook(url="http://127.0.0.1:9/", watched=[{"type": "user", "name": "local"}], domains=["repo"])
    port = hub.port
    hub.kill()
    hub.start(port=port)
    assert len(hub.api().list_webhooks()) == 1
    assert [call["method"] for call in hub.calls(path="/api/settings/webhooks")] == ["POST", "GET"]
