"""Setting secrets of the crew's space over REST."""

from typing import Any

from tests.api.doors.conftest import Crew

VALUE = "correct-horse-battery-staple"
STAGE = "?apply=next_deployment"


def put(crew: Crew, key: str, value: str = VALUE, *, query: str = "", **more: Any) -> dict[str, Any]:
    return crew.done("PUT", f"{{space}}/secrets/{key}{query}", {"value": value} | more)


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
