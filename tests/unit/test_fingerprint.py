import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceport.idempotency.fingerprint import Fingerprint

MULTIPART = "multipart/form-data; boundary="


def of(body: bytes, content_type: str = "application/json", query: bytes = b"", pieces: int = 1 << 16) -> str:
    fingerprint = Fingerprint(query, content_type)
    for start in range(0, len(body), pieces):
        fingerprint.update(body[start : start + pieces])
    return fingerprint.hexdigest()


def test_query_media_type_and_body_tell_requests_apart():
    seen = {of(b"{}"), of(b"{ }"), of(b"{}", query=b"a=1"), of(b"{}", content_type="text/plain"), of(b"")}
    assert len(seen) == 5


@given(
    st.lists(st.sampled_from([b"a", b"b", b"ab", b"aba", b"\n"]), max_size=30).map(b"".join),
    st.sampled_from(["a", "ab", "aba", "abab"]),
    st.integers(1, 7),
)
def test_the_pieces_in_which_a_body_arrives_do_not_matter(body, boundary, pieces):
    assert of(body, MULTIPART + boundary, pieces=pieces) == of(body, MULTIPART + boundary)


def test_two_multipart_bodies_are_the_same_but_for_their_boundary():
    def body(boundary: str, content: str) -> bytes:
        return f"--{boundary}\r\nContent-Disposition: form-data\r\n\r\n{content}\r\n--{boundary}--\r\n".encode()

    one, two = "-----one", "an-other"
    assert of(body(one, "x"), MULTIPART + one) == of(body(two, "x"), MULTIPART + two, pieces=3)
    assert of(body(one, "x"), MULTIPART + one) != of(body(two, "y"), MULTIPART + two)


@pytest.mark.parametrize("content_type", ["multipart/form-data", 'multipart/form-data; boundary=""', "", ";;="])
def test_a_content_type_without_a_boundary_is_taken_as_it_is(content_type):
    assert of(b"abc", content_type) != of(b"abd", content_type)
