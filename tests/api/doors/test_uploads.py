import io
import zipfile
from typing import Any

import pytest
from starlette.types import Message
from tests.spaceport_server import archive

from spaceport.api.application import create_api
from spaceport.db.database import Database
from spaceport.uploads import commands

ROWS = "SELECT (SELECT count(*) FROM upload) + (SELECT count(*) FROM upload_chunk)"


def upload(person, content: bytes):
    return person.api.post("/api/v1/uploads", files={"file": ("any.name", content)}, headers=person.headers)


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a", "b")
    return packed.getvalue()


@pytest.mark.parametrize(("content", "form"), [(archive({"a": "b"}), "tar.gz"), (zipped(), "zip")], ids=["tar", "zip"])
def test_an_archive_is_known_by_its_bytes_and_kept_with_its_digest(sign_up, content: bytes, form: str) -> None:
    ada = sign_up("ada")
    kept = upload(ada, content).json()
    assert (kept["format"], kept["size"], len(kept["sha256"])) == (form, len(content), 64)
    assert kept["team_id"] == ada.personal_team_id


def test_a_large_archive_comes_back_byte_for_byte(sign_up, database: Database) -> None:
    content = b"\x1f\x8b" + bytes(range(256)) * 10_000
    kept = upload(sign_up("ada"), content).json()
    back = io.BytesIO()
    with database.unit_of_work() as session:
        commands.read(session, kept["team_id"], kept["id"], back)
    assert back.getvalue() == content


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "upload_empty"),
        (b"plain text", 422, "archive_unknown"),
        (b"\x1f\x8b" + b"x" * 3_000_000, 413, "upload_too_large"),
    ],
    ids=["empty", "no archive", "too large"],
)
def test_what_cannot_be_used_is_refused_and_leaves_nothing(
    sign_up, database: Database, monkeypatch: pytest.MonkeyPatch, content: bytes, status: int, code: str
) -> None:
    monkeypatch.setattr(commands, "MAX_SIZE", 2_000_000)
    answer = upload(sign_up("ada"), content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["fix"]
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql(ROWS).scalar_one() == 0


@pytest.mark.parametrize("token", [b"", b"Bearer spd_nobodys", b"Bearer x.y.z"], ids=["none", "deploy token", "JWT"])
async def test_nothing_is_read_of_what_a_stranger_sends(instance, token: bytes) -> None:
    answers: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("The body was asked for.")

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"authorization", token)]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/uploads", "query_string": b"", "headers": headers}
    await create_api(instance)(scope, receive, send)
    assert answers[0]["status"] == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 422),
        ({"data": {"file": "text"}}, 422),
        ({"files": {"other": b"x"}}, 422),
        ({"files": [("file", b"x"), ("file", b"y")]}, 400),
        ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
    ],
    ids=["no form", "no file", "another field", "two files", "a broken form"],
)
def test_a_form_without_exactly_one_file_is_refused(sign_up, sent: dict[str, Any], status: int) -> None:
    ada = sign_up("ada")
    headers = ada.headers | sent.pop("headers", {})
    answer = ada.api.post("/api/v1/uploads", headers=headers, **sent)
    assert answer.status_code == status
    assert answer.json()["detail"]
