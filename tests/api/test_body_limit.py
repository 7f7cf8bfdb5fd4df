from collections.abc import Iterator

import pytest

from spaceport.api.body_limit import MAX_BODY, UPLOADS
from spaceport.uploads.commands import MAX_SIZE

REGISTER = "/api/v1/auth/register"


def pieces(size: int) -> Iterator[bytes]:
    """Sent in chunks, and so without a Content-Length."""
    for _ in range(size // 65_536 + 1):
        yield b" " * 65_536


def test_a_body_that_says_it_is_too_large_is_refused_unread(api) -> None:
    answer = api.post(REGISTER, content=b"", headers={"Content-Length": str(MAX_BODY + 1)})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (413, "request_too_large")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert UPLOADS in problem["fix"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (REGISTER, "application/json"),
        ("/api/v1/spaces", "application/json"),
        ("/api/v1/auth/token", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_of_unsaid_size_is_cut_off(api, sign_up, path: str, form: str) -> None:
    headers = sign_up("ada").headers | {"Content-Type": form}
    answer = api.post(path, content=pieces(2 * MAX_BODY), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


def test_a_body_is_cut_off_before_a_retried_request_is_remembered(api, sign_up) -> None:
    headers = sign_up("ada").headers | {"Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = api.post("/api/v1/spaces", content=pieces(2 * MAX_BODY), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


def test_a_body_within_the_limit_is_read(api) -> None:
    answer = api.post(REGISTER, content=b" " * (MAX_BODY - 2) + b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_archives_have_a_limit_of_their_own(api, sign_up) -> None:
    headers = sign_up("ada").headers
    large = api.post("/api/v1" + UPLOADS, files={"file": ("a.tgz", b"\x1f\x8b" + b"x" * 2 * MAX_BODY)}, headers=headers)
    assert large.status_code == 201
    over = api.post(
        "/api/v1" + UPLOADS, content=b"", headers=headers | {"Content-Length": str(MAX_SIZE + 2 * MAX_BODY)}
    )
    assert (over.status_code, over.json()["code"]) == (413, "request_too_large")
