"""Commits: one for each deployment, found again by its marker."""

from pathlib import Path

from tests.integration.hub.loopback import TOKEN, answering, failure
from tests.localhub_server import LocalHub

from spaceport.hub import Hub


def test_a_commit_is_one_commit_and_is_found_by_its_marker(hub: Hub, repo_id: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    parent = hub.head(repo_id).sha
    made = hub.commit(
        repo_id, add={"a.txt": tmp_path / "a.txt"}, delete=[], title="t", description="Mark: 1", parent=parent
    )
    assert hub.head(repo_id).sha == made
    assert hub.find_commit(repo_id, "Mark: 1") == made
    assert hub.find_commit(repo_id, "Mark: 2") is None


def test_a_commit_whose_answer_was_lost_is_found_by_its_marker(
    server: LocalHub, hub: Hub, repo_id: str, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    server.fault(method="POST", path="/commit/", drop="after")
    arguments = {"add": {"a.txt": tmp_path / "a.txt"}, "delete": [], "title": "t", "description": "Mark: 1"}
    assert failure(hub.commit, repo_id, parent=hub.head(repo_id).sha, **arguments).transient
    assert hub.find_commit(repo_id, "Mark: 1") == hub.head(repo_id).sha


def test_a_file_that_a_gitignore_names_is_committed_because_it_is_part_of_the_revision(
    hub: Hub, repo_id: str, tmp_path: Path
) -> None:
    (tmp_path / ".gitignore").write_text("dist/\n")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "app.js").write_text("1")
    add = {path: tmp_path / path for path in (".gitignore", "dist/app.js")}
    hub.commit(repo_id, add=add, delete=[], title="x", description="", parent=hub.head(repo_id).sha)
    (tmp_path / "dist" / "app.js").write_text("2")
    add = {"dist/app.js": tmp_path / "dist/app.js"}
    made = hub.commit(repo_id, add=add, delete=[], title="x", description="", parent=hub.head(repo_id).sha)
    assert made == hub.head(repo_id).sha
    assert "dist/app.js" in {file.path for file in hub.files(repo_id)}


def test_a_moved_head_is_a_stale_parent(hub: Hub, repo_id: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    old = hub.head(repo_id).sha
    arguments = {"delete": [], "title": "t", "description": "", "parent": old}
    hub.commit(repo_id, add={"a.txt": tmp_path / "a.txt"}, **arguments)
    said = failure(hub.commit, repo_id, add={"b.txt": tmp_path / "a.txt"}, **arguments)
    assert (said.status, said.code) == (412, "hub_stale_parent")


def test_looking_for_a_recent_commit_reads_one_page_however_long_the_history() -> None:
    page = b'[{"id": "abc", "title": "t", "message": "Mark: 1"}]'
    following = b'Link: </api/spaces/local/x/commits/main?p=1>; rel="next"'
    server = answering(b"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %d\r\n\r\n%s" % (following, len(page), page))
    with server as url:
        assert Hub(url, TOKEN).find_commit("local/x", "Mark: 1") == "abc"
        assert Hub(url, TOKEN).find_commit("local/x", "Mark: 2") is None
    assert server.answered == 2
