"""uid 1000, as on the Hub, where localhub is root."""

import os
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.localhub import spaces
from tests.localhub_server import ROOT, LocalHub

APP = spaces.app().replace('"cwd": os.getcwd()', '"ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()]')
DOCKERFILE = """\
FROM python:3.11
WORKDIR /home/user/app
COPY . .
RUN id -u && echo made > made.txt
CMD python app.py
"""


def open_to_all(path: str) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in Path(path).resolve().parents)


def reachable_python() -> str | None:
    """One of this version that uid 1000 may start as well."""
    found = [sys._base_executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")]
    code = "import sys; print(sys.version_info[:2])"
    for python in filter(None, found):
        told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False).stdout
        if open_to_all(python) and told.strip() == str(sys.version_info[:2]):
            return python
    return None


@pytest.fixture
def hub(monkeypatch):
    python = reachable_python()
    if os.geteuid() != 0 or python is None:
        pytest.skip("needs root, and a python of this version that uid 1000 can reach")
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), *site.getsitepackages()]))
    hub = LocalHub(folder / "hub")
    yield hub
    hub.stop()
    shutil.rmtree(folder)


def test_builds_and_apps_run_as_uid_1000_and_own_their_files(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    app = APP.replace("print(", 'open("written.txt", "w").close()\nprint(', 1)
    sha = spaces.push(api, "local/demo", Dockerfile=DOCKERFILE, app_py=app)
    runtime = hub.wait("local/demo", "RUNNING", "BUILD_ERROR", "RUNTIME_ERROR", sha=sha)
    assert set(spaces.visit(runtime)["ids"]) == {1000}
    assert "1000\n" in list(api.fetch_space_logs("local/demo", build=True))


def test_an_app_cannot_read_what_is_localhubs(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    private = [hub.folder / name for name in ("localhub.sqlite", "signing.key", "repositories", "logs")]
    look = f"import os\nassert not any(os.access(path, os.R_OK) for path in {list(map(str, private))})\n"
    sha = spaces.push(api, "local/demo", Dockerfile=DOCKERFILE, app_py=look + APP)
    hub.wait("local/demo", "RUNNING", sha=sha)


def test_an_app_as_another_user_ends_with_the_space(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    hub.wait("local/demo", "RUNNING", sha=spaces.push(api, "local/demo", Dockerfile=DOCKERFILE, app_py=APP))
    api.pause_space("local/demo")
    hub.wait("local/demo", "PAUSED")
    api.restart_space("local/demo")
    assert set(spaces.visit(hub.wait("local/demo", "RUNNING"))["ids"]) == {1000}


def test_a_job_runs_as_that_user_and_may_write_where_it_runs(hub):
    api = hub.api()
    code = "import os; open('mine', 'w'); print(os.getresuid())"
    job = api.run_job(image="python:3.11", command=["python", "-c", code], namespace="local")
    assert list(api.fetch_job_logs(job_id=job.id, namespace="local", follow=True))[-1] == "(1000, 1000, 1000)\n"
