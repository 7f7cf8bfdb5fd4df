"""A gradio Space as a Dockerfile, much as the Hub builds it. Pure."""

import json
import re
from collections.abc import Collection
from typing import Any

PORT = 7860
PYTHON = "3.10"
_VERSION = re.compile(r"\d+(\.\w+)*")
_ENV = {
    "HOME": "/home/user",
    "PYTHONPATH": "/home/user/app",
    "PYTHONUNBUFFERED": "1",
    # The Hub leaves this on; here nothing may be sent to another machine.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ALLOW_FLAGGING": "never",
    "GRADIO_FLAGGING_MODE": "never",
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_SERVER_NAME": "0.0.0.0",  # noqa: S104 - inside the app's own network
    "GRADIO_SERVER_PORT": str(PORT),
    "GRADIO_THEME": "huggingface",
    "SYSTEM": "spaces",
}


def app_file(card: dict[str, Any]) -> str:
    return str(card.get("app_file") or "app.py")


def problems(card: dict[str, Any]) -> list[str]:
    """What is wrong with the versions asked for, one sentence each."""
    return [
        f'"{key}" must be a valid version'
        for key in ("sdk_version", "python_version")
        if card.get(key) and not _VERSION.fullmatch(str(card[key]))
    ]


def dockerfile(card: dict[str, Any], files: Collection[str], packages: str) -> str:
    """`files` are the names at the top of the repository, `packages` the text of its packages.txt."""
    env = " ".join(f"{name}={value}" for name, value in _ENV.items())
    lines = [f"FROM python:{_python(card)}", f"ENV {env}", "WORKDIR /home/user/app"]
    if names := packages.split():
        lines.append(f"RUN apt-get install -y {' '.join(names)}")
    for name in ("pre-requirements.txt", "requirements.txt"):
        if name in files:
            lines += [f"COPY {name} /tmp/{name}", f"RUN pip install -r /tmp/{name}"]
    pinned = f"=={card['sdk_version']}" if card.get("sdk_version") else ""
    lines += [f"RUN pip install gradio[oauth]{pinned} spaces", "COPY . /home/user/app"]
    return "\n".join([*lines, f"CMD {json.dumps(['python', app_file(card)])}", ""])


def _python(card: dict[str, Any]) -> str:
    version = str(card.get("python_version") or PYTHON)
    # YAML reads an unquoted 3.10 as the number 3.1, and nobody means python 3.1.
    return PYTHON if version == "3.1" else version
