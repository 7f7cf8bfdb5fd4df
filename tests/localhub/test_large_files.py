"""Large files: plain by default, git-lfs for those who ask for it, and never a hang for those who speak xet."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.localhub import spaces
from tests.localhub.git import Git, address

CONTENT = b"\x00\x01large" * 40_000
OID = hashlib.sha256(CONTENT).hexdigest()
CLIENT = """
import json, sys
from huggingface_hub import CommitOperationAdd, HfApi
api = HfApi(endpoint=sys.argv[1], token="hf_local")
big, small = bytes(7) + bytes(range(256)) * 1000, b"small"
files = [CommitOperationAdd("data/my big.dat", big), CommitOperationAdd("small.txt", small)]
first = api.create_commit("local/demo", files, commit_message="one", repo_type="space").oid
again = [CommitOperationAdd("data/my big.dat", big)]
second = api.create_commit("local/demo", again, commit_message="two", repo_type="space").oid
got = api.hf_hub_download("local/demo", "data/my big.dat", repo_type="space", local_dir=sys.argv[2])
(info,) = api.get_paths_info("local/demo", ["data/my big.dat"], repo_type="space")
same = open(got, "rb").read() == big
print(json.dumps([first == second, same, info.size, info.lfs.size, info.lfs.sha256, info.lfs.pointer_size]))
"""


def client(hub, folder, *, xet: bool) -> subprocess.CompletedProcess:
    """The official client in a process of its own: it reads this setting when it is imported."""
    env = {"PATH": os.environ["PATH"], "HF_HOME": str(folder), "HF_HUB_DISABLE_TELEMETRY": "1"}
    env |= {} if xet else {"HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", CLIENT, hub.url, str(folder / "got")]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def lfs_hub(start):
    hub = start("--lfs-over", "100000")
    spaces.docker(hub.api(), "local/demo")
    return hub


def test_by_default_every_file_is_part_of_the_commit(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    spaces.push(api, "local/demo", big_dat=CONTENT)
    (info,) = api.get_paths_info("local/demo", ["big.dat"], repo_type="space")
    assert (info.size, info.lfs) == (len(CONTENT), None)


def test_the_client_without_xet_uploads_and_downloads_through_lfs(lfs_hub, tmp_path):
    done = client(lfs_hub, tmp_path, xet=False)
    assert done.returncode == 0, done.stderr
    unchanged, same, size, lfs_size, sha256, pointer_size = json.loads(done.stdout.splitlines()[-1])
    assert (unchanged, same) == (True, True)
    assert size == lfs_size == 256_007
    assert len(sha256) == 64
    assert pointer_size in range(120, 150)
    attributes = lfs_hub.api().hf_hub_download(
        "local/demo", ".gitattributes", repo_type="space", local_dir=tmp_path / "attributes"
    )
    assert Path(attributes).read_text().count("my?big.dat filter=lfs") == 1


def test_the_client_with_xet_fails_at_once_and_is_told_why(lfs_hub, tmp_path):
    done = client(lfs_hub, tmp_path, xet=True)
    assert done.returncode != 0
    assert "HF_HUB_DISABLE_XET" in done.stderr
    assert "small.txt" not in lfs_hub.api().list_repo_files("local/demo", repo_type="space")


def test_a_build_finds_the_file_and_not_its_pointer(lfs_hub, tmp_path):
    assert client(lfs_hub, tmp_path, xet=False).returncode == 0
    api = lfs_hub.api()
    dockerfile = 'FROM python:3.11\nCOPY . /app\nRUN wc -c < "/app/data/my big.dat"\nWORKDIR /app\nCMD python app.py\n'
    sha = spaces.push_app(api, "local/demo", dockerfile=dockerfile)
    lfs_hub.wait("local/demo", "RUNNING", sha=sha)
    assert "256007\n" in list(api.fetch_space_logs("local/demo", build=True))


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_git_lfs_itself_pushes_and_clones(hub, tmp_path):
    spaces.docker(hub.api(), "local/demo", private=True)
    Git(tmp_path)("lfs", "install")
    Git(tmp_path)("clone", "--quiet", address(hub), "clone")
    clone = Git(tmp_path / "clone")
    (clone.folder / "model.bin").write_bytes(CONTENT)
    clone.commit()
    clone("push", "origin", "main")
    (info,) = hub.api().get_paths_info("local/demo", ["model.bin"], repo_type="space")
    assert (info.size, info.lfs.sha256) == (len(CONTENT), OID)
    Git(tmp_path)("clone", "--quiet", address(hub), "again")
    assert (tmp_path / "again" / "model.bin").read_bytes() == CONTENT


def batch(hub, operation: str, token: str = "hf_local", oid: str = OID) -> httpx.Response:
    with hub.http(token) as http:
        return http.post(
            "/spaces/local/demo.git/info/lfs/objects/batch",
            json={"operation": operation, "objects": [{"oid": oid, "size": len(CONTENT)}]},
        )


def test_a_file_that_is_not_the_announced_one_is_refused(lfs_hub):
    (found,) = batch(lfs_hub, "upload").json()["objects"]
    link, check = found["actions"]["upload"]["href"], found["actions"]["verify"]["href"]
    for content in (CONTENT[:-1], CONTENT + b"x", b"y" * len(CONTENT)):
        assert httpx.put(link, content=content, trust_env=False).status_code == 400
    assert httpx.post(check, trust_env=False).status_code == 404
    assert batch(lfs_hub, "download").json()["objects"][0]["error"]["code"] == 404
    assert httpx.put(link, content=CONTENT, trust_env=False).status_code == 200
    assert httpx.post(check, trust_env=False).status_code == 200
    assert "actions" not in batch(lfs_hub, "upload").json()["objects"][0]


def test_a_link_is_good_for_one_file_and_one_purpose(lfs_hub):
    link = batch(lfs_hub, "upload").json()["objects"][0]["actions"]["upload"]["href"]
    assert httpx.get(link, trust_env=False).status_code == 403
    assert httpx.put(link.replace(OID, "0" * 64), content=b"", trust_env=False).status_code == 403
    assert httpx.put(link[:-2], content=CONTENT, trust_env=False).status_code == 403


def test_only_a_write_token_may_upload(start):
    hub = start("--user", "local:hf_local", "--token", "local:hf_read:read")
    spaces.docker(hub.api(), "local/demo")
    assert batch(hub, "upload", "hf_read").status_code == 403
    assert batch(hub, "download", "hf_read").status_code == 200
    assert batch(hub, "upload", oid="../../etc/passwd").status_code == 422


def test_a_commit_of_a_file_that_was_never_uploaded_is_refused(lfs_hub):
    lines = [
        {"key": "header", "value": {"summary": "x"}},
        {"key": "lfsFile", "value": {"path": "a.bin", "algo": "sha256", "oid": OID, "size": 1}},
    ]
    with lfs_hub.http() as http:
        body = "\n".join(map(json.dumps, lines))
        answer = http.post("/api/spaces/local/demo/commit/main", content=body)
    assert answer.status_code == 400
    assert "not been uploaded" in answer.json()["error"]
