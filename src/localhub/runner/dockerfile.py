"""What a Dockerfile says, as far as it can be followed without a Docker engine. Pure."""

import io
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from dockerfile_parse.parser import DockerfileParser, image_from

NO_OPS = frozenset(
    {
        *("add-apt-repository", "apk", "apt", "apt-get"),
        *("addgroup", "adduser", "chown", "groupadd", "useradd", "usermod"),
        *("ldconfig", "locale-gen", "update-ca-certificates"),
    }
)
"""Commands that only make sense inside an image of its own; they are named in the build log and skipped."""

_INSTRUCTIONS = frozenset(
    {
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    }
)
SHELL = ("/bin/sh", "-c")
_MAY_BE_EMPTY = frozenset({"CMD", "ENTRYPOINT"})
_PYTHON = re.compile(r"^(?:docker\.io/)?(?:library/)?python(?::(?P<tag>[\w.-]+))?(?:@sha256:\w+)?$")
_FLAG = re.compile(r"^--(?P<name>[\w-]+)(?:=(?P<value>\"[^\"]*\"|\S+))?\s+")
_VARIABLE = re.compile(r"\\(\$)|\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))")
_PIP = re.compile(r"^(?:python[\d.]*\s+-m\s+)?pip[\d.]*\s+install\b")


class DockerfileError(Exception):
    """The Dockerfile is wrong, or asks for what only a Docker engine can give."""


@dataclass(frozen=True)
class Instruction:
    name: str
    value: str
    flags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        flags = " ".join(f"--{name}={value}" if value else f"--{name}" for name, value in self.flags)
        return " ".join(part for part in (self.name, flags, self.value) if part)

    def flag(self, name: str) -> str | None:
        return next((value for key, value in self.flags if key == name), None)


def read(text: str) -> list[Instruction]:
    """The instructions after FROM are checked when they are followed; the shape of the whole file here."""
    parser = DockerfileParser(fileobj=io.BytesIO(text.encode()))
    found = [
        _instruction(item["instruction"], item["value"])
        for item in parser.structure
        if item["instruction"] != "COMMENT"
    ]
    stages = [item for item in found if item.name == "FROM"]
    if not stages or next(item for item in found if item.name != "ARG").name != "FROM":
        raise DockerfileError("dockerfile parse error: no build stage in current context")
    if len(stages) > 1:
        raise DockerfileError("a multi-stage build needs a Docker engine, and none answers on this machine")
    if any(item.name in {"RUN", "COPY"} and re.search(r"<<-?\s*['\"]?\w+", item.value) for item in found):
        raise DockerfileError("a here-document needs a Docker engine, and none answers on this machine")
    for item in found:
        _check(item)
    return found


def python_version(image: str) -> str:
    """`3.12` of `python:3.12-slim`; empty when the tag names no version."""
    name, _stage = image_from(image)
    found = _PYTHON.match(name or "")
    if not found:
        raise DockerfileError(
            f"FROM {image}: only python images can be followed without a Docker engine,"
            " and none answers on this machine"
        )
    version = re.match(r"3\.\d+", found.group("tag") or "")
    return version.group() if version else ""


def expand(text: str, values: dict[str, str]) -> str:
    """Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` as Docker does."""

    def value(found: re.Match[str]) -> str:
        escaped, braced, rule, other, bare = found.groups()
        if escaped:
            return "$"
        current = values.get(braced or bare, "")
        if rule == "-":
            return current or other
        return (other if current else "") if rule == "+" else current

    return _VARIABLE.sub(value, text)


def exec_form(value: str) -> list[str] | None:
    """The words of a JSON array, or None for the shell form."""
    if not value.lstrip().startswith("["):
        return None
    try:
        words = json.loads(value)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def words(text: str) -> list[str]:
    """Split as a shell would. Raises DockerfileError for a quote that nothing ends."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise DockerfileError(f"dockerfile parse error: {text}: {error}") from error


def command_line(entrypoint: str, command: str, shell: Sequence[str] = SHELL) -> list[str]:
    """ENTRYPOINT and CMD put together by Docker's rules; a bare python image starts python."""
    given = exec_form(command) if command else []
    if not entrypoint:
        return (given if given is not None else [*shell, command]) or ["python3"]
    start = exec_form(entrypoint)
    if start is None:
        return [*shell, entrypoint]
    return start + (given if given is not None else [*shell, command])


def pip_only(command: str) -> bool:
    """Whether a RUN line does nothing but `pip install`, besides what is skipped: then it can be cached."""
    if re.search(r"[|;<>`]|\$\(", command):
        return False
    parts = [part.strip() for part in command.split("&&")]
    return any(map(_PIP.match, parts)) and all(_PIP.match(part) or part.split(" ")[0] in NO_OPS for part in parts)


def mentions_pip(command: str) -> bool:
    return bool(re.search(r"\bpip\d?\b", command))


def requirement_files(command: str) -> list[str] | None:
    """Names of the requirement files a pip line reads; None when it installs from the context itself."""
    files = []
    for part in command.split("&&"):
        rest = iter(words(part))
        for word in rest:
            if word in {"-r", "--requirement", "-c", "--constraint"}:
                files.append(next(rest, ""))
            elif word in {"-e", "--editable"} or word.startswith((".", "/")) or word.endswith((".whl", ".gz")):
                return None
            elif word.startswith(("-r", "--requirement=")):
                files.append(word.removeprefix("--requirement=").removeprefix("-r"))
    return files


def _check(item: Instruction) -> None:
    if item.name not in _INSTRUCTIONS:
        raise DockerfileError(f"dockerfile parse error: unknown instruction: {item.name}")
    if not item.value and item.name not in _MAY_BE_EMPTY:
        raise DockerfileError(f"dockerfile parse error: {item.name} requires at least one argument")
    if item.name == "ENV" and "=" not in item.value and len(item.value.split()) < 2:
        raise DockerfileError("dockerfile parse error: ENV must have two arguments")
    if item.name == "SHELL" and not exec_form(item.value):
        raise DockerfileError("dockerfile parse error: SHELL requires the arguments to be in JSON form")


def _instruction(name: str, value: str) -> Instruction:
    flags = []
    while name in {"RUN", "COPY", "ADD", "FROM", "HEALTHCHECK"} and (found := _FLAG.match(value)):
        flags.append((found.group("name"), (found.group("value") or "").strip('"')))
        value = value[found.end() :]
    return Instruction(name, value.strip(), tuple(flags))
