"""Volumes, which are folders here."""

from pathlib import Path

import pytest
from huggingface_hub import Volume
from huggingface_hub.errors import BadRequestError
from tests.localhub import spaces

APP = """\
import http.server, json, os, pathlib
data = pathlib.Path(os.environ["DATA"])
seen = sorted(str(path.relative_to(data)) for path in data.rglob("*"))
if os.environ.get("WRITE"):
    (data / os.environ["WRITE"]).write_text("kept")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"seen": seen, "data": str(data)}).encode())
http.server.HTTPServer(("0.0.0.0", 7860), Handler).serve_forever()
"""
DOCKERFILE = "FROM python:3.11\nENV DATA=/data\nWORKDIR /app\nCOPY . .\nCMD python app.py\n"


def deploy(hub, api, *volumes: Volume, **variables: str) -> dict:
    pairs = [{"key": key, "value": value} for key, value in variables.items()]
    spaces.docker(api, "local/demo", space_volumes=list(volumes), space_variables=pairs)
    sha = spaces.push(api, "local/demo", Dockerfile=DOCKERFILE, app_py=APP)
    return spaces.visit(hub.wait("local/demo", "RUNNING", "RUNTIME_ERROR", "BUILD_ERROR", sha=sha))


def test_what_an_app_writes_into_a_bucket_is_there_after_a_restart_and_for_others(hub):
    api = hub.api()
    bucket = Volume(type="bucket", source="local/things", mount_path="/data")
    assert deploy(hub, api, bucket, WRITE="one.txt")["seen"] == []
    api.restart_space("local/demo", factory_reboot=True)
    assert spaces.visit(hub.wait("local/demo", "RUNNING"))["seen"] == ["one.txt"]
    api.delete_repo("local/demo", repo_type="space")
    assert deploy(hub, api, bucket)["seen"] == ["one.txt"]


def test_without_a_volume_the_disk_is_lost_with_a_restart(hub):
    api = hub.api()
    spaces.docker(api, "local/demo", space_variables=[{"key": "WRITE", "value": "one.txt"}])
    dockerfile = DOCKERFILE.replace("WORKDIR", "RUN mkdir /data\nWORKDIR")
    spaces.push(api, "local/demo", Dockerfile=dockerfile, app_py=APP)
    for _ in range(2):
        assert spaces.visit(hub.wait("local/demo", "RUNNING"))["seen"] == []
        api.restart_space("local/demo")


def test_another_space_is_mounted_at_its_revision_and_read_only(hub):
    api = hub.api()
    api.create_repo("local/source", repo_type="space", space_sdk="static")
    first = spaces.push(api, "local/source", one_txt="1")
    spaces.push(api, "local/source", two_txt="2")
    source = Volume(type="space", source="local/source", mount_path="/data", revision=first)
    shown = deploy(hub, api, source)
    assert {"README.md", "one.txt"} <= set(shown["seen"])
    assert "two.txt" not in shown["seen"]
    assert Path(shown["data"], "one.txt").stat().st_mode & 0o222 == 0


def test_what_is_not_on_this_machine_is_an_empty_folder_and_said_so(hub):
    api = hub.api()
    model = Volume(type="model", source="google/big-one", mount_path="/data")
    assert deploy(hub, api, model)["seen"] == []
    assert "the model google/big-one is not on this machine, /data is empty" in "".join(
        api.fetch_space_logs("local/demo")
    )


def test_a_private_space_of_someone_else_cannot_be_mounted(start):
    hub = start("--user", "local:hf_local", "--user", "eve:hf_eve")
    eve = hub.api("hf_eve")
    eve.create_repo("eve/secret", repo_type="space", space_sdk="static", private=True)
    spaces.push(eve, "eve/secret", one_txt="1")
    volume = Volume(type="space", source="eve/secret", mount_path="/data")
    assert deploy(hub, hub.api(), volume)["seen"] == []


def test_volumes_can_be_changed_and_taken_away(hub):
    api = hub.api()
    deploy(hub, api, Volume(type="bucket", source="local/a", mount_path="/data"), WRITE="a.txt")
    api.set_space_volumes("local/demo", [Volume(type="bucket", source="local/b", mount_path="/data")])
    assert spaces.visit(hub.wait("local/demo", "RUNNING"))["seen"] == []
    assert hub.runtime("local/demo")["volumes"][0]["source"] == "local/b"
    api.delete_space_volumes("local/demo")
    assert hub.runtime("local/demo")["volumes"] == []
    with pytest.raises(BadRequestError):
        api.delete_space_volumes("local/demo")


@pytest.mark.parametrize(
    "volume",
    [
        {"type": "bucket", "source": "local/a", "mountPath": "/"},
        {"type": "bucket", "source": "local/a", "mountPath": "data"},
        {"type": "bucket", "source": "local/a", "mountPath": "/../etc"},
        {"type": "bucket", "source": "local/../..", "mountPath": "/data"},
        {"type": "bucket", "source": "local/a", "mountPath": "/data", "path": "../.."},
        {"type": "disk", "source": "local/a", "mountPath": "/data"},
        "local/a",
    ],
)
def test_a_volume_that_leads_elsewhere_is_refused(hub, volume):
    spaces.docker(hub.api(), "local/demo")
    with hub.http() as client:
        answer = client.put("/api/spaces/local/demo/volumes", json={"volumes": [volume]})
    assert answer.status_code == 400
    assert hub.runtime("local/demo")["volumes"] == []
