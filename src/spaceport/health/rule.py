"""What "healthy" means for a Space, and the pure judgement of one answer."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

_LONGEST_SHOWN = 100


def is_path(value: str) -> str:
    """Raises ValueError for what is not a path on the app's own host."""
    if not value.startswith("/") or value.startswith("//") or any(c <= " " or c in "\\\x7f" for c in value):
        raise ValueError("must start with one / and hold no spaces: it is a path on the app's own host")
    return value


class JsonMatch(BaseModel):
    """`path` is dotted: `status`, `checks.0.ok`. The value there must equal `equals`."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=200, examples=["status"])
    equals: Any = Field(examples=["ok"])

    @field_validator("equals")
    @classmethod
    def _holds_whole_characters(cls, value: Any) -> Any:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("must not hold half a surrogate pair") from error
        return value


class HealthRule(BaseModel):
    """A Space is healthy after `successes` good answers in a row, `interval` seconds apart."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field("/", max_length=500, description="Path on the app's own host.", examples=["/health"])
    status: str = Field(
        "200-399",
        pattern=r"^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$",
        description="Accepted status codes: `200`, `200-299`, `200,301-302`.",
    )
    body_contains: str | None = Field(None, max_length=1000, description="Text the answer must contain.")
    json_match: JsonMatch | None = Field(None, description="A value the JSON answer must hold.")
    interval: float = Field(2.0, ge=0.2, le=60, description="Seconds between probes.")
    successes: int = Field(3, ge=1, le=20, description="Good answers in a row that make the Space healthy.")
    timeout: float = Field(10.0, ge=0.5, le=60, description="Seconds one probe may take.")
    within: float = Field(300.0, ge=1, le=3600, description="Seconds the whole verification may take.")

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        return is_path(value)

    @field_validator("status")
    @classmethod
    def _ranges_rise(cls, value: str) -> str:
        if any(low > high for low, high in map(_range, value.split(","))):
            raise ValueError("a range must begin with its lower end, like 200-299")
        return value

    def accepts(self, status: int) -> bool:
        return any(low <= status <= high for low, high in map(_range, self.status.split(",")))

    def judge(self, status: int, body: bytes) -> str | None:
        """None for a good answer, else the sentence that says what is wrong with it."""
        if not self.accepts(status):
            return f"GET {self.path} answered {status}, expected {self.status}"
        if self.body_contains is not None and self.body_contains.encode() not in body:
            return f"GET {self.path} answered {status}, but the body does not contain {self.body_contains!r}"
        if self.json_match is not None:
            return _judge_json(self.path, self.json_match, body)
        return None


def _range(part: str) -> tuple[int, int]:
    low, _, high = part.partition("-")
    return int(low), int(high or low)


def _judge_json(path: str, match: JsonMatch, body: bytes) -> str | None:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return f"GET {path} did not answer JSON"
    for key in match.path.split("."):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return f"GET {path} answered JSON without {match.path!r}"
    # Python takes True for 1; JSON does not.
    if value != match.equals or isinstance(value, bool) != isinstance(match.equals, bool):
        return f"GET {path} answered {match.path} = {_shown(value)}, expected {_shown(match.equals)}"
    return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
