"""One state of one fragment."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Story:
    """`fragment` is the name of a file in `templates/fragments/`, `title` the state in words, as no other has them."""

    fragment: str
    title: str
    context: dict[str, Any]


# What a visitor's role lets them do, as `space_frame.context` says it.
EVERYTHING: dict[str, Any] = {"may_deploy": True, "may_change": True}
DEPLOYER: dict[str, Any] = {"may_deploy": True, "may_change": False}
VIEWER: dict[str, Any] = {"may_deploy": False, "may_change": False}
