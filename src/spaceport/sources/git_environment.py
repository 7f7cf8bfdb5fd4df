"""The environment git runs in: no configuration but ours, one protocol, one address.

Configuration and credentials go in as GIT_CONFIG_* variables: an argument would show in the process list.
"""

import base64
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from spaceport import errors
from spaceport.egress.policy import Target

# http.curloptResolve came with 2.37; an older git would ignore it and resolve the name again.
_OLDEST = (2, 37)
_VERSION = re.compile(r"git version (\d+)\.(\d+)")

_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.symlinks": "false",
    "core.fsmonitor": "false",
    "core.bigFileThreshold": "16m",
    "core.attributesFile": "/dev/null",
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.sslVerify": "true",
    # Ends a transfer that outlived a killed worker; a living one keeps its own, stricter time.
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "i18n.logOutputEncoding": "UTF-8",
    "submodule.recurse": "false",
    # One pack instead of thousands of loose objects: its size is cheap to watch.
    "transfer.unpackLimit": "1",
    "transfer.bundleURI": "false",
}


@dataclass(frozen=True, slots=True)
class Credential:
    """`token` alone, or `user:password` where a host insists on a user name (Bitbucket)."""

    token: str

    @property
    def header(self) -> str:
        # The user name GitHub asks of app tokens; GitLab, Gitea and the Hub take any.
        pair = self.token if ":" in self.token else f"x-access-token:{self.token}"
        return f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"

    def scrub(self, text: str) -> str:
        """`text` without the token, whole, in its parts or encoded."""
        plain = {self.token, self.token.partition(":")[2]} - {""}
        encoded = {quote(secret, safe="") for secret in plain} | {self.header.rpartition(" ")[2]}
        for secret in sorted(plain | encoded, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def offline(repository: Path) -> dict[str, str]:
    """Variables for a command that works in `repository` and may not use the network."""
    return {
        # The folder holds nothing but what we put there, so no .netrc and no configuration.
        "HOME": str(repository.parent),
        "LC_ALL": "C",
        "GIT_DIR": str(repository),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        **_as_variables(_CONFIG),
    }


def network(target: Target, credential: Credential | None) -> dict[str, str]:
    """Variables on top of `offline` that open the one checked address and give the token."""
    config = dict(_CONFIG)
    if target.url.address is None:
        config["http.curloptResolve"] = f"{target.url.host}:{target.url.port}:{target.pinned}"
    if credential:
        config["http.extraHeader"] = credential.header
    return {"GIT_ALLOW_PROTOCOL": target.url.scheme, **_as_variables(config)}


@cache
def executable() -> str:
    """The path of a git new enough to pin addresses. Raises errors.Unavailable."""
    if not (found := shutil.which("git")):
        raise errors.Unavailable(
            "Git is not installed on this server.",
            code="git_missing",
            fix="The operator can install git 2.37 or newer.",
        )
    version = subprocess.run([found, "version"], capture_output=True, text=True, check=True, timeout=10).stdout
    match = _VERSION.match(version)
    if not match or (int(match[1]), int(match[2])) < _OLDEST:
        raise errors.Unavailable(
            f"{version.strip()} is too old.",
            code="git_too_old",
            fix="The operator can install git 2.37 or newer.",
        )
    return found


def _as_variables(config: Mapping[str, str]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(config))}
    for number, (key, value) in enumerate(config.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
