"""The text of a workflow that deploys a checkout and waits for the outcome. Pure."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from textwrap import indent

from spaceport.egress import urls
from spaceport.spaces.model import Space

_SCRIPT = Path(__file__).with_name("ci_deploy.sh")
# Seconds and minutes: the longest that the job may take beyond its own waiting.
_WAIT, _JOB_MINUTES = 3600, 75

_GITHUB = """\
# .github/workflows/spaceport.yml
# Needs the secret SPACEPORT_TOKEN: a deploy token of the space.
name: Deploy to {space}
on:
  push:
    branches: [{branch}]
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: spaceport-{group}
jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: {minutes}
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - name: Deploy and wait
        shell: sh -e {{0}}
        env:
{variables}
          SPACEPORT_TOKEN: ${{{{ secrets.SPACEPORT_TOKEN }}}}
          SPACEPORT_RUN: github ${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
        run: |
          SPACEPORT_SUMMARY=$GITHUB_STEP_SUMMARY
{script}"""

_GITLAB = """\
# .gitlab-ci.yml
# Needs the variable SPACEPORT_TOKEN, masked and protected: a deploy token of the space.
spaceport:
  stage: deploy
  image: buildpack-deps:stable-scm
  timeout: {minutes} minutes
  resource_group: spaceport-{group}
  rules:
    - if: {rule}
  allow_failure:
    exit_codes: [3]
  variables:
{variables}
    SPACEPORT_SUMMARY: spaceport-summary.md
  artifacts:
    when: always
    paths: [spaceport-summary.md]
  script:
    - |
      SPACEPORT_RUN="gitlab $CI_JOB_ID"
{script}"""


class Host(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"


def workflow(host: Host, space: Space, base_url: str) -> str:
    """`base_url` is where Spaceport answers; as it ends up in a script, it is read the strict way."""
    source = space.source or {}
    branch = _branch(source)
    variables = {
        "SPACEPORT_URL": str(urls.parse(base_url)).rstrip("/"),
        "SPACEPORT_SPACE": space.repo_id,
        "SPACEPORT_FOLDER": source.get("folder", ""),
        "SPACEPORT_TIMEOUT": str(_WAIT),
    }
    facts = {
        "space": space.repo_id,
        "group": space.repo_id.replace("/", "-").lower(),
        "minutes": _JOB_MINUTES,
        "branch": json.dumps(_filter(branch or "main")),
        "rule": _rule(branch),
    }
    if host is Host.GITHUB:
        return _GITHUB.format(**facts, variables=_lines(variables, 10), script=_script(10))
    return _GITLAB.format(**facts, variables=_lines(variables, 4), script=_script(6))


def _branch(source: Mapping[str, str | None]) -> str | None:
    """None where the source names none, or a tag or a commit."""
    ref = (source.get("ref") or "") if source.get("kind") == "git" else ""
    ref = ref.removeprefix("refs/heads/")
    return None if ref in ("", "HEAD") or ref.startswith("refs/") or re.fullmatch(r"[0-9a-f]{40}", ref) else ref


def _filter(branch: str) -> str:
    """What GitHub would take for a pattern, as plain characters."""
    return re.sub(r"([+!])", r"\\\1", branch)


def _rule(branch: str | None) -> str:
    wanted = "$CI_DEFAULT_BRANCH" if branch is None else json.dumps(branch)
    return json.dumps(f"$CI_COMMIT_BRANCH == {wanted}")


def _lines(variables: Mapping[str, str], depth: int) -> str:
    """Texts in JSON's notation, which YAML reads as it is."""
    return indent("\n".join(f"{name}: {json.dumps(value)}" for name, value in variables.items()), " " * depth)


def _script(depth: int) -> str:
    return indent(_SCRIPT.read_text(), " " * depth)
