"""Two clients who want the same thing at once, or one of them what the other is just taking away."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from huggingface_hub.errors import RepositoryNotFoundError
from tests.localhub import spaces

NEW = {"name": "twin", "organization": "local", "type": "space", "sdk": "docker"}
DUPLICATE = {"repository": "local/twin"}
MOVE = {"fromRepo": "local/source", "toRepo": "local/twin", "type": "space"}


def post(hub, path: str, body: dict) -> int:
    with hub.http() as client:
        return client.post(path, json=body).status_code


def test_of_those_who_take_one_name_at_once_one_gets_it(hub):
    spaces.docker(hub.api(), "local/source")
    calls = [("/api/repos/create", NEW)] * 3 + [("/api/spaces/local/source/duplicate", DUPLICATE)] * 2
    calls += [("/api/repos/move", MOVE)]
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(lambda call: post(hub, *call), calls))
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert [space.id for space in hub.api().list_spaces()].count("local/twin") == 1


def half_sent(hub, path: str, body: bytes) -> socket.socket:
    """A call that was judged by its head and waits for its body."""
    host, port = hub.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {hub.token}\r\nExpect: 100-continue\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
    # Sent once somebody reads the body, so the Space was looked up before.
    assert connection.recv(1000).startswith(b"HTTP/1.1 100")
    return connection


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("secrets", b'{"key":"A","value":"1"}'),
        ("hardware", b'{"flavor":"t4-small"}'),
        ("branch/dev", b"{}"),
        ("commit/main", b'{"key":"header","value":{"summary":"x"}}'),
    ],
)
def test_a_change_that_comes_too_late_does_not_bring_a_deleted_space_back(hub, path, body):
    api = hub.api()
    spaces.docker(api, "local/demo")
    with half_sent(hub, f"/api/spaces/local/demo/{path}", body) as connection:
        api.delete_repo("local/demo", repo_type="space")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 404")
    with pytest.raises(RepositoryNotFoundError):
        api.space_info("local/demo")
    assert list(api.list_spaces()) == []
    hub.restart()
    assert list(api.list_spaces()) == []


def test_a_space_that_is_deleted_while_it_is_pushed_to_is_gone(hub):
    api = hub.api()
    spaces.docker(api, "local/demo")

    def push(number: int) -> None:
        with suppress(RepositoryNotFoundError):
            spaces.push(api, "local/demo", one_txt=str(number))

    with ThreadPoolExecutor(4) as pool:
        pushes = [pool.submit(push, number) for number in range(12)]
        api.delete_repo("local/demo", repo_type="space")
        for one in pushes:
            one.result()
    assert list(api.list_spaces()) == []
    with hub.http() as client:
        assert client.get("/").status_code == 200


def test_whoever_reads_what_is_being_deleted_is_told_that_it_is_gone(hub):
    places = ("", "/tree/main?expand=true", "/commits/main", "/refs", "/revision/main", "/runtime")

    def read(place: str, *, until) -> set[int]:
        found = set()
        with hub.http() as client:
            while not until.is_set():
                found.add(client.get(f"/api/spaces/local/demo{place}").status_code)
        return found

    done = threading.Event()
    with ThreadPoolExecutor(len(places)) as pool:
        readers = [pool.submit(read, place, until=done) for place in places]
        for _ in range(8):
            spaces.docker(hub.api(), "local/demo")
            hub.api().delete_repo("local/demo", repo_type="space")
        done.set()
        assert set().union(*(reader.result() for reader in readers)) <= {200, 404}


def test_what_is_pushed_to_while_it_is_copied_is_copied_whole(hub):
    api = hub.api()
    spaces.docker(api, "local/source")
    with ThreadPoolExecutor(2) as pool:
        pushes = [pool.submit(spaces.push, api, "local/source", one_txt=str(number)) for number in range(10)]
        for number in range(5):
            api.duplicate_repo("local/source", f"local/copy-{number}", repo_type="space")
        for one in pushes:
            one.result()
    for number in range(5):
        assert "README.md" in api.list_repo_files(f"local/copy-{number}", repo_type="space")
