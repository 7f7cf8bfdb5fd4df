"""What counts as the same request, and which answers are kept."""

import io
import tarfile

from fastapi import Response
from sqlmodel import Session, select
from tests.api.idempotency.conftest import ENGINES, TEAMS, replayed, send

from spaceport.accounts.model import Team
from spaceport.uploads.model import Upload


def archive(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("app.bin")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def test_a_file_is_the_same_whatever_boundary_it_is_sent_with(ada, database):
    packed = archive(b"one")
    answers = [
        send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", packed)}, headers={"Content-Type": boundary})
        for boundary in ("multipart/form-data; boundary=one", 'multipart/form-data; boundary="another-one"')
    ]
    assert answers[0].status_code == 201, answers[0].text
    assert (answers[0].content, replayed(answers[1])) == (answers[1].content, True)
    other = send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", archive(b"two"))})
    assert other.json()["code"] == "idempotency_key_reused"
    with database.unit_of_work() as session:
        assert [upload.size for upload in session.exec(select(Upload))] == [len(packed)]


def test_a_body_that_does_not_fit_into_memory_arrives_whole(ada):
    large = b"\x1f\x8b" + bytes(range(256)) * 4096 * 3
    for _ in range(2):
        answer = send(ada, "/api/v1/uploads", files={"file": ("app.tar.gz", large)})
        assert (answer.status_code, answer.json()["size"]) == (201, len(large))


def test_a_body_above_the_limit_is_refused_before_it_is_all_read(ada, rows, monkeypatch):
    monkeypatch.setattr("spaceport.api.idempotency._LARGEST", 1000)
    refused = send(ada, TEAMS, content=b"x" * 1001)
    assert (refused.status_code, refused.json()["code"]) == (413, "request_too_large")
    assert rows() == []


def test_an_answer_that_must_not_be_stored_is_given_once(ada, app, rows):
    @app.post("/api/v1/secret", status_code=201)
    def make_secret(response: Response) -> dict[str, str]:
        response.headers["Cache-Control"] = "No-Store"
        return {"token": "hunter2"}

    assert "hunter2" in send(ada, "/api/v1/secret").text
    assert send(ada, "/api/v1/secret").json()["code"] == "idempotency_answer_lost"
    assert [row.body for row in rows()] == [None]


def test_a_very_large_answer_is_given_once(ada, app):
    app.add_api_route("/api/v1/large", lambda: "x" * 2**20, methods=["POST"])
    assert len(send(ada, "/api/v1/large").text) == 2**20 + 2
    assert send(ada, "/api/v1/large").json()["code"] == "idempotency_answer_lost"


def test_an_answer_without_a_body_is_kept_too(ada, app):
    app.add_api_route("/api/v1/nothing", lambda: None, methods=["POST"], status_code=204)
    answers = [send(ada, "/api/v1/nothing") for _ in range(2)]
    assert [(answer.status_code, answer.content, replayed(answer)) for answer in answers] == [
        (204, b"", False),
        (204, b"", True),
    ]


def test_what_happens_outside_a_keyed_request_is_not_marked(ada, database, teams, rows):
    send(ada, TEAMS, json=ENGINES)
    with Session(database.engine) as session:
        session.add(Team(slug="other", name="Other"))
        session.commit()
    ada.post(TEAMS, {"name": "Third"})
    assert teams() == ["Engines", "Other", "Third"]
    assert len(rows()) == 1


def test_the_document_names_the_header_where_it_counts(app):
    for _ in range(2):
        document = app.openapi()
    taking = {
        path
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation.get("parameters", []) and method == "post"
    }
    posts = {path for path, operations in document["paths"].items() if "post" in operations}
    assert taking == {path for path in posts if "/auth/" not in path and not path.startswith("/webhooks/")}
    assert taking >= {"/api/v1/teams", "/api/v1/deployments/{deployment_id}/cancellation"}
    references = str(document["paths"]).count("parameters/IdempotencyKey")
    assert references == len(taking)
    assert document["components"]["parameters"]["IdempotencyKey"]["name"] == "Idempotency-Key"
