"""With a Docker engine. A stand-in for its command line records what it is asked and serves on the published port."""

import sys

import pytest
from huggingface_hub import Volume
from tests.localhub import spaces

DOCKER = """\
#!{python}
import http.server, os, sys
with open({record!r}, "a") as record:
    record.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "build":
    print("#1 building with", os.environ.get("COLOR"))
    sys.exit(os.path.exists("fail"))
if sys.argv[1] == "run":
    port = int(sys.argv[sys.argv.index("--publish") + 1].split(":")[1])
    print("secret has", len(os.environ.get("TOKEN", "")), "letters", flush=True)
    http.server.HTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def record(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(python=sys.executable, record=str(tmp_path / "record")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path / "record"


def test_the_engine_builds_and_runs_and_no_secret_is_in_an_argument(start, record):
    hub = start("--docker", "auto")
    api = hub.api()
    spaces.docker(
        api,
        "local/demo",
        space_secrets=[{"key": "TOKEN", "value": "hidden"}],
        space_variables=[{"key": "COLOR", "value": "red"}],
    )
    sha = spaces.push_app(api, "local/demo", dockerfile="FROM node:20\n")
    hub.wait("local/demo", "RUNNING", sha=sha)
    _version, build, run = record.read_text().splitlines()
    assert f"--tag localhub/local/demo:{sha[:12]} --build-arg COLOR --secret id=TOKEN,src=" in build
    assert ":7860" in run
    assert "--env TOKEN" in run
    assert "hidden" not in build + run
    assert "#1 building with red\n" in hub.logs("local/demo")
    assert "secret has 6 letters\n" in list(api.fetch_space_logs("local/demo"))


def test_a_failing_build_is_a_build_error(start, record):
    hub = start("--docker", "auto")
    spaces.docker(hub.api(), "local/demo")
    spaces.push_app(hub.api(), "local/demo")
    hub.wait("local/demo", "RUNNING")
    hub.api().upload_file(path_or_fileobj=b"x", path_in_repo="fail", repo_id="local/demo", repo_type="space")
    assert "exit code: 1" in hub.wait("local/demo", "BUILD_ERROR")["errorMessage"]


def test_volumes_are_mounted_and_a_gradio_space_is_built_from_a_dockerfile_of_its_own(start, record):
    hub = start("--docker", "auto")
    api = hub.api()
    bucket = Volume(type="bucket", source="local/things", mount_path="/data")
    model = Volume(type="model", source="google/big", mount_path="/model")
    api.create_repo("local/demo", repo_type="space", space_sdk="gradio", space_volumes=[bucket, model])
    hub.wait("local/demo", "RUNNING", sha=spaces.push(api, "local/demo", app_py="import gradio"))
    _version, build, run = record.read_text().splitlines()
    assert "/Dockerfile --tag" in build
    assert "/context/Dockerfile" not in build
    assert f"--volume {hub.folder}/buckets/local/things:/data --volume " in run
    assert ":/model:ro" in run
