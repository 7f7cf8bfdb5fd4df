"""Completing and checking a fetched source before it is pushed: the README's front matter, the file to run."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from spaceport.errors import Invalid
from spaceport.spaces.model import Sdk

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?:(.*?)\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
_EXPOSE = re.compile(r"^\s*EXPOSE\s+(\d+)", re.IGNORECASE | re.MULTILINE)
_STREAMLIT_DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd -m -u 1000 user
USER user
ENV PATH=/home/user/.local/bin:$PATH
WORKDIR /home/user/app
COPY --chown=user . .
RUN pip install --no-cache-dir streamlit{requirements}
EXPOSE 8501
CMD ["streamlit", "run", {app}, "--server.port=8501", "--server.address=0.0.0.0"]
"""


def prepare(folder: Path, *, sdk: Sdk, title: str) -> list[str]:
    """Change the folder so that the Hub can build it; returns a sentence for each change.

    Raises Invalid when the file that the SDK runs is missing or the front matter cannot be read.
    """
    notes = []
    readme = folder / "README.md"
    content = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    text = content.removeprefix("\ufeff")
    if text != content:
        notes.append("README.md: removed the byte order mark, which hides the front matter from the Hub.")
    present = front_matter(text)
    if sdk is Sdk.STREAMLIT and not (folder / "Dockerfile").is_file():
        notes.append(_add_streamlit_dockerfile(folder, str(present.get("app_file", "app.py"))))
    if missing := _missing(folder, present, sdk, title):
        text = _with_front_matter(text, present | missing)
        notes.append(f"README.md: added {', '.join(missing)} to the front matter, which the Hub needs.")
    if text != content:
        readme.write_text(text, encoding="utf-8")
    _check_entry(folder, present | missing)
    return notes


def front_matter(readme: str) -> dict[str, Any]:
    """The YAML block at the top of a README; {} when there is none. Raises Invalid `front_matter`."""
    if not (match := _FRONT_MATTER.match(readme)):
        return {}
    try:
        values = yaml.safe_load(match[1] or "") or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(f"it is not valid YAML ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(values, dict):
        raise _unreadable("it is not a list of `key: value` lines")
    return values


def _missing(folder: Path, present: dict[str, Any], sdk: Sdk, title: str) -> dict[str, Any]:
    needed: dict[str, Any] = {"title": title, "sdk": sdk.on_the_hub}
    given = {key: value for key, value in present.items() if value is not None}
    if sdk is Sdk.STREAMLIT and given.get("sdk") == "streamlit":
        del given["sdk"]
    dockerfile = folder / "Dockerfile"
    if given.get("sdk", needed["sdk"]) == "docker" and dockerfile.is_file():
        ports = _EXPOSE.findall(dockerfile.read_text(encoding="utf-8", errors="replace"))
        needed["app_port"] = int(ports[-1]) if ports else 7860
    return {key: value for key, value in needed.items() if key not in given}


def _with_front_matter(readme: str, values: dict[str, Any]) -> str:
    block = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return f"---\n{block}---\n{_FRONT_MATTER.sub('', readme, count=1)}"


def _check_entry(folder: Path, values: dict[str, Any]) -> None:
    sdk = str(values["sdk"])
    entry = {"docker": "Dockerfile", "gradio": str(values.get("app_file", "app.py"))}.get(sdk)
    if entry is not None and not (folder / entry).is_file():
        raise Invalid(
            f"The source has no {entry}, which a {sdk} Space runs.",
            code="no_app_file",
            fix=f"Add {entry} at the top of the source, or set the source's folder to where it is.",
        )


def _add_streamlit_dockerfile(folder: Path, app_file: str) -> str:
    names = (app_file, "app.py", "streamlit_app.py", "main.py")
    app = next((name for name in names if (folder / name).is_file()), None)
    if app is None:
        raise Invalid(
            "The source has no app.py, streamlit_app.py or main.py to run with streamlit.",
            code="no_app_file",
            fix="Add one of them, or a Dockerfile of your own.",
        )
    requirements = " -r requirements.txt" if (folder / "requirements.txt").is_file() else ""
    dockerfile = _STREAMLIT_DOCKERFILE.format(app=json.dumps(app), requirements=requirements)
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    return f"Dockerfile: added one that runs {app} with streamlit, since the Hub runs streamlit through docker."


def _unreadable(why: str) -> Invalid:
    return Invalid(
        f"The front matter of README.md cannot be read: {why}.",
        code="front_matter",
        fix="Correct the block between the two --- lines at the top of README.md.",
    )
