"""The configuration of a Space: the YAML block at the top of its README."""

import json
import re
from typing import Any

import yaml

COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
SDKS = {"gradio", "docker", "static"}
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n?^---[ \t]*$", re.DOTALL | re.MULTILINE)
_DURATION = re.compile(r"^(\d+)\s*(s|m|h|d)?$")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, None: 1}


class ReadmeError(Exception):
    """The front matter is missing or is not YAML."""


def front_matter(text: str) -> dict[str, Any]:
    found = _FRONT_MATTER.search(text)
    if not found:
        raise ReadmeError("Missing configuration in README")
    try:
        data = yaml.safe_load(found.group(1))
    except yaml.YAMLError as error:
        raise ReadmeError(f"Invalid YAML in README.md: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise ReadmeError("Missing configuration in README")
    # Through JSON, because YAML knows dates and the Hub's API does not.
    card: dict[str, Any] = json.loads(json.dumps({str(key): value for key, value in data.items()}, default=str))
    return card


def problems(card: dict[str, Any]) -> list[str]:
    """What the Hub would refuse, one sentence each."""
    found = []
    if card.get("sdk") not in SDKS:
        found.append('"sdk" must be one of [gradio, docker, static]')
    found += [
        f'"{key}" must be one of [{", ".join(sorted(COLORS))}]'
        for key in ("colorFrom", "colorTo")
        if key in card and card[key] not in COLORS
    ]
    port = card.get("app_port", 7860)
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
        found.append('"app_port" must be a valid port')
    if len(str(card.get("short_description", ""))) > 60:
        found.append('"short_description" length must be less than or equal to 60 characters long')
    if "startup_duration_timeout" in card and duration(card["startup_duration_timeout"]) is None:
        found.append('"startup_duration_timeout" must be a duration, such as 30m or 1h')
    return found


def with_origin(text: str, repo_id: str) -> str:
    """The text, its front matter now saying which Space it was copied from."""
    found = _FRONT_MATTER.search(text)
    end = found.end(1) if found else 0
    return f"{text[:end]}\nduplicated_from: {repo_id}{text[end:]}" if found else text


def duration(value: object) -> int | None:
    """Seconds of `1h`, `30m`, `90s` or a bare number; None when it is none of these."""
    found = _DURATION.match(str(value).strip())
    return int(found.group(1)) * _UNITS[found.group(2)] if found else None


def template(title: str, sdk: str) -> str:
    """The README a new Space begins with."""
    return (
        f"---\ntitle: {title.replace('-', ' ').replace('_', ' ').title()}\nemoji: 🏃\ncolorFrom: blue\n"
        f"colorTo: gray\nsdk: {sdk}\npinned: false\n---\n\n"
        "Check out the configuration reference at https://huggingface.co/docs/hub/spaces-config-reference\n"
    )
