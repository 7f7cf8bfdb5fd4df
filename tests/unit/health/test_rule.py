import json
from typing import Any

import pytest
from pydantic import ValidationError

from spaceport.health.rule import HealthRule

HEALTHY = json.dumps({"status": "ok", "checks": [{"ok": True}, {"ok": False}], "count": 3}).encode()


def rule(**wanted: Any) -> HealthRule:
    return HealthRule.model_validate(wanted)


def matching(path: str, equals: Any) -> HealthRule:
    return rule(json_match={"path": path, "equals": equals})


@pytest.mark.parametrize(
    ("accepted", "good", "bad"),
    [
        ("200-399", [200, 302, 399], [199, 400, 500]),
        ("204", [204], [200, 205]),
        ("200,301-302,404", [200, 301, 302, 404], [201, 303, 403]),
        ("200-502", [503 - 1], [503]),
    ],
)
def test_a_status_is_accepted_as_the_pattern_says(accepted: str, good: list[int], bad: list[int]) -> None:
    assert all(rule(status=accepted).accepts(status) for status in good)
    assert not any(rule(status=accepted).accepts(status) for status in bad)


@pytest.mark.parametrize("status", ["", "2xx", "200-", "20", "200;300", "200,", "200 ", "300-200", "200\n"])
def test_a_pattern_that_can_never_be_met_is_refused(status: str) -> None:
    with pytest.raises(ValidationError):
        rule(status=status)


@pytest.mark.parametrize("path", ["", "health", "//evil.example", "/a b", "/a\r\nX: y", "/\\evil", "/\x00", "/\x7f"])
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        rule(path=path)


@pytest.mark.parametrize(
    "broken", [{"interval": 0}, {"successes": 0}, {"timeout": 0}, {"within": 0}, {"successes": 21}, {"unknown": 1}]
)
def test_numbers_have_limits_and_unknown_names_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rule(**broken)


def test_the_body_must_contain_the_text() -> None:
    assert rule(body_contains="ünï").judge(200, "so ünïque".encode()) is None
    assert "does not contain 'well'" in (rule(body_contains="well").judge(200, b"ill") or "")


def test_the_status_is_judged_first() -> None:
    assert rule(body_contains="x").judge(500, b"x") == "GET / answered 500, expected 200-399"


@pytest.mark.parametrize(
    ("path", "equals"), [("status", "ok"), ("checks.0.ok", True), ("checks.1.ok", False), ("count", 3), ("count", 3.0)]
)
def test_a_json_value_is_found_by_its_path(path: str, equals: Any) -> None:
    assert matching(path, equals).judge(200, HEALTHY) is None


@pytest.mark.parametrize(
    "path", ["nothing", "checks.9.ok", "checks.x", "status.deeper", "count.0", "checks.-1.x", ".."]
)
def test_a_json_path_that_leads_nowhere_is_said(path: str) -> None:
    assert "without" in (matching(path, "ok").judge(200, HEALTHY) or "")


@pytest.mark.parametrize(("value", "equals"), [(True, 1), (1, True), (0, False), ("1", 1), (None, False), ([], {})])
def test_json_values_of_different_types_differ(value: Any, equals: Any) -> None:
    assert "expected" in (matching("v", equals).judge(200, json.dumps({"v": value}).encode()) or "")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 60_000, b'{"a":' * 10_000])
def test_what_is_no_json_is_said_whatever_it_is(body: bytes) -> None:
    assert matching("a", 1).judge(200, body) == "GET / did not answer JSON"


def test_the_sentence_about_a_wrong_value_stays_short() -> None:
    said = matching("v", "ok").judge(200, json.dumps({"v": "x" * 50_000}).encode())
    assert said is not None
    assert len(said) < 500
