"""Gradio Spaces."""

import re

import httpx
import pytest
from tests.localhub import spaces, wheels

from localhub.runner import gradio

README = "---\ntitle: Demo\nsdk: gradio\nsdk_version: {version}\n{more}---\n"
FAKE = """\
import http.server, os

class Interface:
    def launch(self):
        host, port = os.environ["GRADIO_SERVER_NAME"], int(os.environ["GRADIO_SERVER_PORT"])
        http.server.ThreadingHTTPServer((host, port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
APP = "import gradio, spaces, sys\nprint('gradio', gradio.__version__, flush=True)\ngradio.Interface().launch()\n"
REAL_APP = (
    "import gradio as gr\ngr.Interface(lambda name: f'Hello {name}', 'text', 'text', api_name='greet').launch()\n"
)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two versions of a small `gradio`, and pip told to look nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for version in ("4.1.0", "5.2.0"):
        wheels.write(folder, "gradio", version, FAKE)
    wheels.write(folder, "spaces", "1.0", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def push(api, *, version: str = "4.1.0", more: str = "", **files: str) -> str:
    readme = README.format(version=version, more=more)
    return spaces.push(api, "local/demo", README_md=readme, **files)


def test_the_sdk_version_and_the_app_file_of_the_readme_are_used(shelf, start):
    hub = start()
    api = hub.api()
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio")
    sha = push(api, more="app_file: main.py\n", main_py=APP, packages_txt="ffmpeg\n")
    runtime = hub.wait("local/demo", "RUNNING", "BUILD_ERROR", "RUNTIME_ERROR", sha=sha)
    assert httpx.get(f"http://{runtime['domains'][0]['domain']}/", trust_env=False).status_code == 200
    assert "gradio 4.1.0\n" in list(api.fetch_space_logs("local/demo"))
    assert "not emulated: apt-get install -y ffmpeg" in hub.logs("local/demo")
    sha = push(api, version="5.2.0", app_py=APP)
    hub.wait("local/demo", "RUNNING", sha=sha)
    assert "gradio 5.2.0\n" in list(api.fetch_space_logs("local/demo"))


def test_without_its_app_file_there_is_no_app(hub):
    api = hub.api()
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio")
    push(api, more="app_file: main.py\n", app_py=APP)
    hub.wait("local/demo", "NO_APP_FILE")


def test_a_version_that_is_none_is_a_configuration_error(hub):
    api = hub.api()
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio")
    push(api, version="'1; rm -rf'", app_py=APP)
    assert '"sdk_version"' in hub.wait("local/demo", "CONFIG_ERROR")["errorMessage"]


def test_the_build_is_planned_as_on_the_hub():
    card = {"sdk_version": "5.2.0", "python_version": 3.12, "app_file": "src/app.py"}
    plan = gradio.dockerfile(card, ["requirements.txt", "pre-requirements.txt"], "ffmpeg\nlibsndfile1\n").splitlines()
    assert plan[0] == "FROM python:3.12"
    assert "RUN apt-get install -y ffmpeg libsndfile1" in plan
    assert plan.index("RUN pip install -r /tmp/pre-requirements.txt") < plan.index(
        "RUN pip install -r /tmp/requirements.txt"
    )
    assert plan[-3:] == [
        "RUN pip install gradio[oauth]==5.2.0 spaces",
        "COPY . /home/user/app",
        'CMD ["python", "src/app.py"]',
    ]


@pytest.mark.parametrize(("given", "image"), [(None, "3.10"), (3.1, "3.10"), ("3.11", "3.11"), ("3.12.4", "3.12.4")])
def test_the_python_version_of_the_readme_is_taken(given, image):
    assert gradio.dockerfile({"python_version": given}, [], "").startswith(f"FROM python:{image}\n")


@pytest.mark.scenario
@pytest.mark.timeout(600)
def test_the_real_gradio_is_installed_and_answers(start, monkeypatch):
    # Most of what it brings is never imported here.
    monkeypatch.setenv("PIP_NO_COMPILE", "1")
    hub = start()
    api = hub.api()
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio")
    push(api, version="5.49.1", more="python_version: '3.11'\n", app_py=REAL_APP)
    runtime = hub.wait("local/demo", "RUNNING", "BUILD_ERROR", "RUNTIME_ERROR", timeout=540)
    if re.search("No matching distribution|connection", hub.logs("local/demo"), re.IGNORECASE):
        pytest.skip("the package index cannot be reached")
    page = httpx.get(f"http://{runtime['domains'][0]['domain']}/config", trust_env=False).json()
    assert page["version"] == "5.49.1"
