import base64
import json
import secrets
from datetime import timedelta

import pytest
from jose import jwt

from spaceport import clock, errors
from spaceport.accounts.tokens import AccessTokens

SECRET = secrets.token_urlsafe(48)


def good_claims(**changes: object) -> dict[str, object]:
    now = clock.now()
    claims: dict[str, object] = {
        "iss": "spaceport",
        "aud": "spaceport-api",
        "sub": "usr_1",
        "sid": "ses_1",
        "jti": "j",
        "iat": now,
        "exp": now + timedelta(minutes=1),
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def refused(token: str) -> str:
    with pytest.raises(errors.Unauthorized) as refusal:
        AccessTokens(SECRET).verify(token)
    assert token not in str(refusal.value)
    return refusal.value.code


def unsigned(header: dict[str, object]) -> str:
    parts = (json.dumps(part).encode() for part in (header, {"sub": "usr_1"}))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def test_an_issued_token_verifies_and_names_user_and_session():
    tokens = AccessTokens(SECRET)
    claims = tokens.verify(tokens.issue(user_id="usr_1", session_id="ses_1"))
    assert (claims.user_id, claims.session_id) == ("usr_1", "ses_1")
    assert timedelta(minutes=14) < claims.expires_at - clock.now() <= timedelta(minutes=15)


def test_two_tokens_for_the_same_session_differ():
    tokens = AccessTokens(SECRET)
    assert len({tokens.issue(user_id="usr_1", session_id="ses_1") for _ in range(2)}) == 2


def test_the_claims_the_tests_sign_themselves_are_accepted_unchanged():
    assert AccessTokens(SECRET).verify(jwt.encode(good_claims(), SECRET, algorithm="HS256")).user_id == "usr_1"


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "sid", "jti", "iat", "exp"])
def test_a_token_without_a_required_claim_is_refused(missing):
    assert refused(jwt.encode(good_claims(**{missing: None}), SECRET, algorithm="HS256")) == "token_invalid"


@pytest.mark.parametrize("wrong", [{"aud": "another"}, {"iss": "another"}, {"aud": ["a", "b"]}, {"sub": 7}])
def test_a_token_for_another_audience_or_from_another_issuer_is_refused(wrong):
    assert refused(jwt.encode(good_claims(**wrong), SECRET, algorithm="HS256")) == "token_invalid"


def test_an_expired_token_is_refused_and_says_so():
    past = clock.now() - timedelta(seconds=1)
    assert refused(jwt.encode(good_claims(exp=past), SECRET, algorithm="HS256")) == "token_expired"


def test_a_remembered_token_expires_all_the_same(monkeypatch):
    tokens = AccessTokens(SECRET)
    token = tokens.issue(user_id="usr_1", session_id="ses_1")
    tokens.verify(token)
    later = clock.now() + timedelta(minutes=15)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(errors.Unauthorized) as refusal:
        tokens.verify(token)
    assert refusal.value.code == "token_expired"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_signed_with_another_algorithm_is_refused(algorithm):
    assert refused(jwt.encode(good_claims(), SECRET, algorithm=algorithm)) == "token_invalid"


@pytest.mark.parametrize("algorithm", ["none", "None", "", None, ["HS256"]])
def test_an_unsigned_token_is_refused(algorithm):
    assert refused(unsigned({"typ": "JWT", "alg": algorithm})) == "token_invalid"


def test_a_good_header_with_the_signature_removed_is_refused():
    token = jwt.encode(good_claims(), SECRET, algorithm="HS256")
    assert refused(token.rpartition(".")[0] + ".") == "token_invalid"


def test_a_token_signed_with_another_secret_is_refused():
    assert refused(jwt.encode(good_claims(), secrets.token_urlsafe(48), algorithm="HS256")) == "token_invalid"


def test_a_token_with_a_critical_header_we_do_not_know_is_refused():
    extra = jwt.encode(good_claims(), SECRET, algorithm="HS256", headers={"crit": ["b64"], "b64": False})
    assert refused(extra) == "token_invalid"


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", "ü.ü.ü", "[" * 1000, "e" * 100_000, "null.null.null"],
    ids=["empty", "one-dot", "two-dots", "letters", "non-ascii", "brackets", "long", "null"],
)
def test_text_that_is_no_token_is_refused(text):
    with pytest.raises(errors.Unauthorized):
        AccessTokens(SECRET).verify(text)


def test_a_secret_that_reads_as_json_still_signs_and_verifies():
    tokens = AccessTokens("12345678901234567890123456789012")
    assert tokens.verify(tokens.issue(user_id="usr_1", session_id="ses_1")).user_id == "usr_1"
