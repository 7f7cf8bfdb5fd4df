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
from tests.localhub import spaces, wheels
from tests.localhub.test_build_steps import judge_secret_modes
from tests.localhub_server import ROOT, LocalHub

from localhub.runner import user

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
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), *site.getsitepackages()]))
    hub = LocalHub(folder / "hub", python=python)
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


def test_what_pip_installs_for_a_build_belongs_to_uid_1000(hub, tmp_path):
    api = hub.api()
    spaces.docker(api, "local/demo")
    wheel = wheels.write(tmp_path, "greeting", "1.0", "")
    look = "import greeting, os, pip\nprint('owners', *{os.stat(it.__file__).st_uid for it in (greeting, pip)})\n"
    recipe = DOCKERFILE.replace("RUN", f"RUN pip install --no-index ./{wheel.name}\nRUN")
    files = {wheel.name.replace(".whl", "_whl"): wheel.read_bytes(), "app_py": look + APP}
    hub.wait("local/demo", "RUNNING", sha=spaces.push(api, "local/demo", Dockerfile=recipe, **files))
    assert "Successfully installed greeting-1.0" in hub.logs("local/demo")
    assert "owners 1000\n" in list(api.fetch_space_logs("local/demo"))


def test_a_build_step_is_refused_a_secret_that_is_mounted_for_root(hub):
    spaces.docker(hub.api(), "local/demo")
    judge_secret_modes(hub, hub.api())


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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could choose to be somebody else")
def test_a_localhub_whose_apps_must_stay_root_says_so_and_what_to_do(tmp_path, capfd):
    tmp_path.chmod(0o700)
    hub = LocalHub(tmp_path / "hub", python=sys.executable)
    said = "builds, apps and jobs run as root, because uid 1000 cannot enter"
    try:
        with hub.http() as client:
            assert said in client.get("/").text
            assert said not in client.get("/", headers={"Host": "elsewhere.test"}).text
    finally:
        hub.stop()
    assert said in capfd.readouterr().err


@pytest.mark.parametrize(("closed", "cure"), [("data", "choose another --data"), ("python", "every user can start")])
def test_the_folder_that_is_in_the_way_is_named(tmp_path, monkeypatch, closed, cure):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    # Everything above is open, whatever this machine's own folders are.
    monkeypatch.setattr(user, "_is_open", lambda folder: folder != tmp_path / closed)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "python" / "3"))
    told = user.warning(tmp_path / "data" / "hub")
    assert f"uid 1000 cannot enter {tmp_path / closed}: choose" in told
    assert cure in told
    assert user.choose(tmp_path / "data" / "hub") is None


def test_an_ordinary_user_has_nothing_to_choose_and_nothing_to_say(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert user.choose(tmp_path / "hub") is None
    assert user.warning(tmp_path / "hub") == ""
