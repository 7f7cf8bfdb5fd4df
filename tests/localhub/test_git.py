"""Clone, fetch and push with git itself."""

import gzip
import os
from pathlib import Path

import pytest
from tests.localhub import spaces
from tests.localhub.git import Git, address


@pytest.fixture
def clone(hub, tmp_path):
    spaces.docker(hub.api(), "local/demo")
    Git(tmp_path)("clone", "--quiet", address(hub), "clone")
    return Git(tmp_path / "clone")


def test_a_push_is_built_and_served_like_a_commit_over_the_api(hub, clone):
    sha = clone.commit(Dockerfile=spaces.DOCKERFILE, app_py=spaces.app("by git"))
    hub.fault(space="local/demo", build_delay=1)
    clone("push", "origin", "main")
    assert hub.runtime("local/demo")["stage"] == "BUILDING"
    assert spaces.visit(hub.wait("local/demo", "RUNNING", sha=sha))["version"] == "by git"


def test_git_and_the_api_see_one_history(hub, clone):
    api = hub.api()
    by_git = clone.commit(one_txt="1")
    clone("push", "origin", "main")
    by_api = spaces.push(api, "local/demo", two_txt="2")
    clone("pull", "--quiet", "--ff-only")
    assert clone("rev-parse", "HEAD").strip() == by_api
    assert [item.commit_id for item in api.list_repo_commits("local/demo", repo_type="space")][:2] == [by_api, by_git]
    assert (clone.folder / "two.txt").read_text() == "2"


def test_another_branch_is_kept_but_not_built(hub, clone):
    before = hub.api().space_info("local/demo").sha
    sha = clone.commit(Dockerfile=spaces.DOCKERFILE, app_py=spaces.app())
    clone("push", "origin", "main:next")
    assert hub.runtime("local/demo")["stage"] == "NO_APP_FILE"
    assert hub.api().space_info("local/demo").sha == before
    assert hub.api().space_info("local/demo", revision="next").sha == sha


def test_a_push_over_newer_commits_is_refused_unless_it_is_forced(hub, clone):
    spaces.push(hub.api(), "local/demo", newer_txt="1")
    sha = clone.commit(mine_txt="1")
    assert "rejected" in clone("push", "origin", "main", fails=True)
    clone("push", "--force", "origin", "main")
    assert hub.api().space_info("local/demo").sha == sha


def test_main_cannot_be_deleted_but_another_branch_can(hub, clone):
    clone("push", "origin", "main:next")
    clone("push", "origin", ":next")
    assert "deletion of the current branch prohibited" in clone("push", "origin", ":main", fails=True)
    assert [branch.name for branch in hub.api().list_repo_refs("local/demo", repo_type="space").branches] == ["main"]


def test_a_large_push_in_chunks_arrives_whole(hub, clone, tmp_path):
    content = os.urandom(3_000_000)
    (clone.folder / "big.dat").write_bytes(content)
    clone.commit()
    clone("-c", "http.postBuffer=65536", "push", "origin", "main")
    got = hub.api().hf_hub_download("local/demo", "big.dat", repo_type="space", local_dir=tmp_path / "got")
    assert Path(got).read_bytes() == content


def test_old_and_new_protocol_and_partial_clones_work(hub, clone, tmp_path):
    for number, options in enumerate((("-c", "protocol.version=0"), ("-c", "protocol.version=2"))):
        Git(tmp_path)(*options, "clone", "--quiet", "--depth", "1", "--filter", "blob:none", address(hub), f"c{number}")
        assert (tmp_path / f"c{number}" / "README.md").exists()


def test_the_address_may_end_in_git(hub, clone, tmp_path):
    Git(tmp_path)("clone", "--quiet", f"{address(hub)}.git", "other")
    assert (tmp_path / "other" / "README.md").exists()


def test_a_read_token_may_clone_but_not_push(start, tmp_path):
    hub = start("--user", "local:hf_local", "--token", "local:hf_read:read")
    spaces.docker(hub.api(), "local/demo", private=True)
    Git(tmp_path)("clone", "--quiet", address(hub, token="hf_read"), "clone")
    clone = Git(tmp_path / "clone")
    clone.commit(one_txt="1")
    assert "403" in clone("push", fails=True)


def test_a_private_space_asks_for_a_token(hub, tmp_path):
    spaces.docker(hub.api(), "local/demo", private=True)
    assert "could not read Username" in Git(tmp_path)("clone", address(hub, token=""), "c", fails=True)
    with hub.http() as client:
        answer = client.get("/spaces/local/demo/info/refs?service=git-upload-pack", headers={"Authorization": ""})
        wrong = client.get("/spaces/local/demo/info/refs?service=git-upload-pack", auth=("ann", "hf_wrong"))
    assert answer.status_code == wrong.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_public_space_asks_for_a_token_only_when_pushed_to(hub, clone, tmp_path):
    Git(tmp_path)("clone", "--quiet", address(hub, token=""), "open")
    opened = Git(tmp_path / "open")
    opened.commit(one_txt="1")
    assert "could not read Username" in opened("push", fails=True)


def test_only_the_smart_protocol_and_its_own_paths_answer(hub, clone):
    with hub.http() as client:
        assert client.get("/spaces/local/demo/info/refs").status_code == 403
        assert client.get("/spaces/local/demo/info/refs?service=git-evil").status_code == 403
        for path in ("HEAD", "config", "objects/info/packs", "git-upload-archive", "info/refs/../../config"):
            assert client.get(f"/spaces/local/demo/{path}").status_code == 404
        assert client.post("/spaces/local/demo/git-upload-pack", content=b"0000").status_code == 415


def test_a_gzipped_request_is_read_and_a_broken_one_refused(hub, clone):
    kind = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    kind["Git-Protocol"] = "version=2"
    asked = b"0014command=ls-refs\n0000"
    with hub.http() as client:
        answer = client.post("/spaces/local/demo/git-upload-pack", content=gzip.compress(asked), headers=kind)
        broken = client.post("/spaces/local/demo/git-upload-pack", content=asked, headers=kind)
    assert b"refs/heads/main" in answer.content
    assert broken.status_code == 400


def test_a_push_that_is_no_pack_changes_nothing(hub, clone):
    before = hub.api().space_info("local/demo").sha
    new = "1" * 40
    line = f"{before} {new} refs/heads/main\0 report-status\n"
    body = f"{len(line) + 4:04x}{line}0000".encode() + b"PACK nonsense"
    kind = {"Content-Type": "application/x-git-receive-pack-request"}
    with hub.http() as client:
        client.post("/spaces/local/demo/git-receive-pack", content=body, headers=kind)
    assert hub.api().space_info("local/demo").sha == before
    assert hub.api().list_repo_refs("local/demo", repo_type="space").branches[0].target_commit == before
