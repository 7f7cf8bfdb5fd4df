"""Files and commits, through the client and through git."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError
from tests.localhub import spaces


@pytest.fixture
def api(hub):
    api = hub.api()
    spaces.docker(api, "local/demo", space_variables=[])
    api.pause_space("local/demo")
    return api


def test_one_commit_adds_and_deletes(api):
    first = spaces.push(api, "local/demo", a_txt="one", b_txt="two")
    second = api.create_commit(
        "local/demo",
        [CommitOperationDelete("a.txt"), CommitOperationAdd("folder/c.txt", b"three")],
        commit_message="change",
        repo_type="space",
        parent_commit=first[:7],
    )
    assert sorted(api.list_repo_files("local/demo", repo_type="space")) == [
        ".gitattributes",
        "README.md",
        "b.txt",
        "folder/c.txt",
    ]
    assert [item.commit_id for item in api.list_repo_commits("local/demo", repo_type="space")][:2] == [
        second.oid,
        first,
    ]
    assert api.space_info("local/demo").sha == second.oid


def test_a_stale_parent_is_refused_and_changes_nothing(api):
    first = spaces.push(api, "local/demo", a_txt="one")
    second = spaces.push(api, "local/demo", a_txt="two")
    with pytest.raises(HfHubHTTPError) as caught:
        spaces.push(api, "local/demo", parent=first, a_txt="three")
    assert caught.value.response.status_code == 412
    assert "The branch was updated since you opened this page" in str(caught.value)
    assert api.space_info("local/demo").sha == second


def test_of_many_pushes_onto_one_parent_one_wins_and_the_others_are_refused(api):
    parent = spaces.push(api, "local/demo", a_txt="one")

    def push(number: int) -> str:
        try:
            return spaces.push(api, "local/demo", parent=parent, a_txt=f"from {number}")
        except HfHubHTTPError as error:
            return str(error.response.status_code)

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(pool.map(push, range(4)), key=len)
    assert ends[:3] == ["412"] * 3
    assert api.space_info("local/demo").sha == ends[3]


def test_unchanged_files_make_no_commit(api):
    first = spaces.push(api, "local/demo", a_txt="one")
    assert spaces.push(api, "local/demo", a_txt="one") == first


def test_what_a_gitignore_names_is_left_out_as_the_hub_does(api):
    spaces.push(api, "local/demo", _gitignore="*.log\n!kept.log\nbuild/\n", one_log="1")
    operations = [CommitOperationAdd(path, b"x") for path in ("two.log", "kept.log", "build/é.txt", "src/build.txt")]
    api.create_commit("local/demo", operations, commit_message="x", repo_type="space")
    files = set(api.list_repo_files("local/demo", repo_type="space"))
    assert files == {".gitattributes", ".gitignore", "README.md", "kept.log", "src/build.txt"}


def test_the_gitignore_that_is_sent_along_wins_over_the_one_that_is_there(hub, api):
    spaces.push(api, "local/demo", _gitignore="*.log\n")
    with hub.http() as client:

        def skipped(**given: str) -> list[bool]:
            files = [{"path": path, "size": 1, "sample": ""} for path in ("a.log", "a.txt", "../a.txt", ":!a.log")]
            body = {"files": files, **given}
            answer = client.post("/api/spaces/local/demo/preupload/main", json=body).raise_for_status()
            return [file["shouldIgnore"] for file in answer.json()["files"]]

        assert skipped() == [True, False, False, True]
        assert skipped(gitIgnore="*.txt") == [False, True, False, False]
        assert skipped(gitIgnore="# nothing") == [False] * 4


def test_deleting_a_missing_file_is_an_error_about_the_entry(api):
    with pytest.raises(EntryNotFoundError):
        api.delete_file("nothing.txt", "local/demo", repo_type="space")


@pytest.mark.parametrize("path", ["../out", "a\\b", "/abs", "a//b", ".git/config"])
def test_a_path_that_leaves_the_repository_is_refused(hub, api, path):
    lines = f'{{"key":"header","value":{{"summary":"x"}}}}\n{{"key":"file","value":{{"path":{path!r},"content":""}}}}'
    with hub.http() as client:
        answer = client.post(
            "/api/spaces/local/demo/commit/main", content=lines.replace("'", '"').replace("\\", "\\\\")
        )
    assert answer.status_code in {400, 422}


def test_a_folder_is_deleted_with_everything_in_it(api):
    api.create_commit(
        "local/demo",
        [CommitOperationAdd(f"old/{name}", b"x") for name in "abc"],
        commit_message="add",
        repo_type="space",
    )
    api.delete_folder("old", "local/demo", repo_type="space")
    assert not any(path.startswith("old") for path in api.list_repo_files("local/demo", repo_type="space"))


def test_a_file_comes_back_as_it_was(api, hub, tmp_path):
    sha = spaces.push(api, "local/demo", data_bin=bytes(range(256)) * 100)
    path = hf_hub_download(
        "local/demo", "data.bin", repo_type="space", cache_dir=tmp_path, endpoint=hub.url, token=hub.token, revision=sha
    )
    assert Path(path).read_bytes() == bytes(range(256)) * 100
    assert api.file_exists("local/demo", "data.bin", repo_type="space")
    assert not api.file_exists("local/demo", "none.bin", repo_type="space")


def test_an_unknown_revision_is_named_as_such(api):
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_files("local/demo", repo_type="space", revision="nowhere")


def test_branches_and_tags_come_and_go(api):
    sha = spaces.push(api, "local/demo", a_txt="one")
    api.create_branch("local/demo", branch="feature/x", repo_type="space")
    api.create_tag("local/demo", tag="v1", repo_type="space")
    refs = api.list_repo_refs("local/demo", repo_type="space")
    assert {ref.name: ref.target_commit for ref in refs.branches} == {"main": sha, "feature/x": sha}
    assert [ref.name for ref in refs.tags] == ["v1"]
    assert "a.txt" in api.list_repo_files("local/demo", repo_type="space", revision="feature/x")
    api.delete_branch("local/demo", branch="feature/x", repo_type="space")
    api.delete_tag("local/demo", tag="v1", repo_type="space")
    assert [ref.name for ref in api.list_repo_refs("local/demo", repo_type="space").branches] == ["main"]


def test_a_folder_is_uploaded_and_leftovers_are_deleted(api, tmp_path):
    spaces.push(api, "local/demo", old_txt="x")
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "app" / "src" / "new.txt").write_text("new")
    api.upload_folder(repo_id="local/demo", folder_path=tmp_path / "app", repo_type="space", delete_patterns="*.txt")
    assert sorted(api.list_repo_files("local/demo", repo_type="space")) == [
        ".gitattributes",
        "README.md",
        "src/new.txt",
    ]


def test_a_readme_the_hub_would_refuse_is_refused_before_the_commit(api):
    with pytest.raises(ValueError, match="sdk"):
        spaces.push(api, "local/demo", README_md="---\nsdk: cobol\n---\n")


def test_a_pull_request_is_refused_and_nothing_lands_on_main(api, tmp_path):
    before = api.space_info("local/demo").sha
    (tmp_path / "one.txt").write_text("1")
    operations = [CommitOperationAdd("one.txt", b"1")]
    with pytest.raises(HfHubHTTPError, match="Pull requests are not available"):
        api.create_commit("local/demo", operations, commit_message="x", repo_type="space", create_pr=True)
    with pytest.raises(HfHubHTTPError):
        api.upload_folder(repo_id="local/demo", folder_path=tmp_path, repo_type="space", create_pr=True)
    assert api.space_info("local/demo").sha == before


def test_a_commit_is_made_on_a_branch_and_on_nothing_else(api):
    api.create_tag("local/demo", tag="v1", repo_type="space")
    for revision in ("refs/tags/v1", "refs/pr/1", "refs/localhub/x"):
        with pytest.raises(RevisionNotFoundError):
            api.upload_file(
                path_or_fileobj=b"1", path_in_repo="a", repo_id="local/demo", repo_type="space", revision=revision
            )


def test_squashing_leaves_one_commit_with_the_same_files(api):
    spaces.push(api, "local/demo", a_txt="one")
    api.super_squash_history("local/demo", repo_type="space")
    assert len(api.list_repo_commits("local/demo", repo_type="space")) == 1
    assert "a.txt" in api.list_repo_files("local/demo", repo_type="space")


def test_git_sees_the_same_history(api, hub):
    sha = spaces.push(api, "local/demo", a_txt="one")
    (repository,) = (hub.folder / "repositories").glob("*.git")
    log = subprocess.run(
        ["git", "--git-dir", repository, "log", "--format=%H %s"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert log[0] == f"{sha} push"
    subprocess.run(["git", "--git-dir", repository, "fsck", "--strict"], capture_output=True, check=True)


def test_an_expanded_tree_names_the_commit_that_last_changed_each_entry(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")
    first = api.upload_file(path_or_fileobj=b"1", path_in_repo="a/one.txt", repo_id="local/demo", repo_type="space").oid
    second = api.upload_file(path_or_fileobj=b"2", path_in_repo="b.txt", repo_id="local/demo", repo_type="space").oid
    tree = api.list_repo_tree("local/demo", repo_type="space", recursive=True, expand=True)
    last = {entry.path: entry.last_commit.oid for entry in tree}
    assert (last["a"], last["a/one.txt"], last["b.txt"]) == (first, first, second)
    (info,) = api.get_paths_info("local/demo", ["b.txt"], repo_type="space", expand=True)
    assert info.last_commit.oid == second
