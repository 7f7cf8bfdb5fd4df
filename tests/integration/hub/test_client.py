"""Our Hub client against a real Hub on loopback, in good and in bad times."""

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.integration.hub.loopback import TOKEN, answering, failure
from tests.localhub_server import LocalHub

from spaceport.hub import Hub, transport


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


def test_a_list_without_any_hardware_is_no_answer_either() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]") as url:
        assert failure(Hub(url, TOKEN).hardware).transient


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
