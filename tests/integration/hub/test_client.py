"""Our Hub client against a real Hub on loopback, in good and in bad times."""

import asyncio
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.localhub_server import LocalHub

from spaceport.hub import Hub, HubFailure, NewSpace, transport

TOKEN = "hf_local"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    transport.install_client()
    hub = LocalHub(tmp_path_factory.mktemp("hub") / "data", "--token", "local:hf_reads:read")
    yield hub
    hub.stop()


@pytest.fixture
def hub(server: LocalHub) -> Iterator[Hub]:
    yield Hub(server.url, TOKEN)
    server.clear_faults()


@pytest.fixture
def repo_id(hub: Hub, request: pytest.FixtureRequest) -> str:
    name = f"local/{abs(hash(request.node.name))}"
    hub.create(NewSpace(name, "static", "public"))
    return name


def failure(call: Callable[..., Any], *arguments: Any, **options: Any) -> HubFailure:
    with pytest.raises(HubFailure) as raised:
        call(*arguments, **options)
    everything = "".join(traceback.format_exception(raised.value))
    for secret in (TOKEN, "hf_reads"):
        assert secret not in f"{raised.value!r} {raised.value} {everything}"
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "transient"),
    [
        (400, "hub_refused", False),
        (401, "hub_unauthorized", False),
        (402, "hub_payment_required", False),
        (403, "hub_forbidden", False),
        (404, "hub_not_found", False),
        (408, "hub_unavailable", True),
        (409, "hub_conflict", False),
        (412, "hub_stale_parent", False),
        (429, "hub_rate_limited", True),
        (500, "hub_unavailable", True),
        (502, "hub_unavailable", True),
        (503, "hub_unavailable", True),
        (504, "hub_unavailable", True),
    ],
)
def test_every_refusal_has_a_code_says_whether_to_try_again_and_costs_one_call(
    server: LocalHub, hub: Hub, status: int, code: str, transient: bool
) -> None:
    server.clear_calls()
    server.fault(path="/runtime", status=status, message="because", headers={"Retry-After": "7"}, count=None)
    said = failure(hub.runtime, "local/any")
    assert (said.status, said.code, said.transient, said.retry_after) == (status, code, transient, 7.0)
    assert said.fix
    assert "because" in said.message
    assert len(server.calls(path="/runtime")) == 1


@pytest.mark.parametrize(
    "verb",
    [
        lambda hub, name: hub.files(name),
        lambda hub, name: hub.find_commit(name, "x"),
        lambda hub, name: hub.head(name),
        lambda hub, name: hub.restart(name),
        lambda hub, name: hub.commit(name, add={}, delete=["x"], title="t", description="", parent=None),
    ],
    ids=["files", "find_commit", "head", "restart", "commit"],
)
def test_an_exhausted_quota_is_told_at_once_and_not_spent_further(
    server: LocalHub, hub: Hub, repo_id: str, verb: Callable[[Hub, str], Any]
) -> None:
    server.clear_calls()
    server.fault(path=repo_id, status=429, headers={"RateLimit": '"api";r=0;t=55'}, count=None)
    began = time.monotonic()
    said = failure(verb, hub, repo_id)
    assert (said.status, said.retry_after) == (429, 55.0)
    assert len(server.calls()) == 1
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_connection_is_transient_and_without_a_status(server: LocalHub, hub: Hub, drop: str) -> None:
    server.fault(path="whoami", drop=drop, count=None)
    said = failure(hub.whoami)
    assert (said.status, said.code, said.transient) == (0, "hub_unavailable", True)


def test_a_refused_connection_is_transient() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        said = failure(Hub(f"http://127.0.0.1:{free.getsockname()[1]}", TOKEN).whoami)
    assert (said.status, said.transient) == (0, True)


def test_a_hub_that_does_not_answer_in_time_is_transient(
    server: LocalHub, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_TIMEOUT", httpx2.Timeout(0.2))
    transport.install_client()
    server.fault(path="whoami", delay=1.5)
    try:
        said = failure(hub.whoami)
    finally:
        monkeypatch.undo()
        transport.install_client()
    assert (said.status, said.transient) == (0, True)
    assert "Timeout" in said.message


@pytest.mark.parametrize(
    "body", [b"<html>Sign in to the network</html>", b"", b"[]", b'"x"', b"{}", b'{"stage": '], ids=repr
)
def test_an_answer_that_makes_no_sense_is_no_answer(body: bytes) -> None:
    with answering(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    ) as url:
        said = failure(Hub(url, TOKEN).whoami)
    assert (said.status, said.code, said.transient) == (0, "hub_unavailable", True)


@pytest.mark.parametrize("token", ["hf_wrong", "hf_with\nline", "hf_ümlaut", "hf_\x00"])
def test_a_token_that_is_none_is_refused_without_being_shown(server: LocalHub, token: str) -> None:
    said = failure(Hub(server.url, token).whoami)
    assert token not in repr(said) + str(said)
    assert "hf_" not in said.message


def test_a_read_token_and_what_it_may_not(server: LocalHub, hub: Hub, repo_id: str) -> None:
    reads = Hub(server.url, "hf_reads")
    assert reads.whoami().role == "read"
    assert failure(reads.check_write, repo_id).status == 403
    hub.check_write(repo_id)


def test_a_hub_shows_its_address_and_not_its_token(hub: Hub) -> None:
    assert TOKEN not in f"{hub!r} {hub}"


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


def test_a_log_stream_that_is_cut_is_transient_after_the_lines_before_it(server: LocalHub, hub: Hub) -> None:
    with answering(_stream(3), promise=10_000) as url:
        lines, said = asyncio.run(_followed(Hub(url, TOKEN)))
    assert lines == ["line 0", "line 1", "line 2"]
    assert said is not None
    assert said.transient


def test_a_log_stream_ends_where_the_hub_ends_it(hub: Hub) -> None:
    with answering(_stream(2)) as url:
        assert asyncio.run(_followed(Hub(url, TOKEN))) == (["line 0", "line 1"], None)


@pytest.mark.parametrize(("status", "transient"), [(404, False), (429, True), (503, True)])
def test_a_refused_log_stream_says_why(server: LocalHub, hub: Hub, status: int, transient: bool) -> None:
    server.fault(path="/logs/build", status=status, headers={"Retry-After": "9"})
    _, said = asyncio.run(_followed(hub))
    assert said is not None
    assert (said.status, said.transient, said.retry_after) == (status, transient, 9.0)


async def _followed(hub: Hub) -> tuple[list[str], HubFailure | None]:
    lines = []
    try:
        async for line in hub.follow_log("local/demo", "build"):
            assert line.at.tzinfo is not None
            lines.append(line.text)
    except HubFailure as failed:
        return lines, failed
    return lines, None


def _stream(count: int) -> bytes:
    frames = [b'data: {"data": "line %d\\n", "timestamp": "2026-01-01T00:00:0%d"}\n\n' % (n, n) for n in range(count)]
    return b"data:\n\n" + b"".join(frames)


class answering:  # noqa: N801 - reads as `with answering(…)`
    """A server that answers every connection with the same bytes; a body alone gets a head."""

    def __init__(self, raw: bytes, *, promise: int | None = None) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
        answer = raw if raw.startswith(b"HTTP/") else head % (promise or len(raw)) + raw
        # It closes after each answer, and says so: else the client's next call may meet a connection on its way out.
        self._raw = answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.answered = 0

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                # To the last byte: closing with something unread would reset the connection.
                with connection.makefile("rb") as request:
                    while request.readline().strip():
                        pass
                connection.sendall(self._raw)
                self.answered += 1
