"""The workflows are what their hosts can read, whatever the space is called."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from spaceport.deployments.ci_workflows import Host, workflow
from spaceport.spaces.model import Sdk, Space, Visibility

URL = "https://spaceport.example.com"
ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "src" / "spaceport" / "deployments" / "ci_deploy.sh").read_text()
DOCS = ROOT / "docs" / "ci"


def space(**source: str) -> Space:
    return Space(
        team_id="t",
        hub_account_id="h",
        endpoint="https://huggingface.co",
        owner="acme",
        name="demo",
        sdk=Sdk.DOCKER,
        visibility=Visibility.PUBLIC,
        source={"kind": "git", "url": "https://github.com/a/b", "ref": None, "folder": ""} | source if source else None,
    )


def read(host: Host, managed: Space) -> dict:
    # YAML 1.1 reads the key `on` as true.
    text = workflow(host, managed, URL)
    assert "\t" not in text
    return yaml.safe_load(text)


def test_github_runs_the_script_with_the_spaces_facts() -> None:
    found = read(Host.GITHUB, space(ref="main", folder="apps/demo"))
    assert found[True]["push"]["branches"] == ["main"]
    assert found["permissions"] == {"contents": "read"}
    step = found["jobs"]["deploy"]["steps"][-1]
    assert step["env"]["SPACEPORT_TOKEN"] == "${{ secrets.SPACEPORT_TOKEN }}"
    assert step["env"]["SPACEPORT_URL"] == URL
    assert (step["env"]["SPACEPORT_SPACE"], step["env"]["SPACEPORT_FOLDER"]) == ("acme/demo", "apps/demo")
    assert step["run"].strip() == f"SPACEPORT_SUMMARY=$GITHUB_STEP_SUMMARY\n{SCRIPT}".strip()


def test_gitlab_runs_the_same_script() -> None:
    job = read(Host.GITLAB, space(ref="main"))["spaceport"]
    assert job["rules"] == [{"if": '$CI_COMMIT_BRANCH == "main"'}]
    assert job["variables"]["SPACEPORT_SPACE"] == "acme/demo"
    assert job["script"][0].strip().endswith(SCRIPT.strip())


@pytest.mark.parametrize(
    ("ref", "github", "gitlab"),
    [
        (None, ["main"], "$CI_DEFAULT_BRANCH"),
        ("HEAD", ["main"], "$CI_DEFAULT_BRANCH"),
        ("refs/tags/v1", ["main"], "$CI_DEFAULT_BRANCH"),
        ("a" * 40, ["main"], "$CI_DEFAULT_BRANCH"),
        ("refs/heads/next", ["next"], '"next"'),
        ("release/1.x", ["release/1.x"], '"release/1.x"'),
        ("fix-#12'\"", ["fix-#12'\""], '"fix-#12\'\\""'),
        ("c++!", ["c\\+\\+\\!"], '"c++!"'),
        ("größe", ["größe"], json.dumps("größe")),
    ],
)
def test_the_branch_that_deploys_is_the_sources_own(ref: str | None, github: list[str], gitlab: str) -> None:
    managed = space(ref=ref)
    assert read(Host.GITHUB, managed)[True]["push"]["branches"] == github
    assert read(Host.GITLAB, managed)["spaceport"]["rules"][0]["if"] == f"$CI_COMMIT_BRANCH == {gitlab}"


def test_a_space_without_a_source_has_a_workflow_too() -> None:
    assert read(Host.GITHUB, space())["jobs"]["deploy"]["steps"][-1]["env"]["SPACEPORT_FOLDER"] == ""


@pytest.mark.parametrize("host", Host)
def test_the_documentation_holds_the_very_workflow_that_is_answered(host: Host) -> None:
    assert (DOCS / f"{host}.yml").read_text() == workflow(host, space(ref="main"), URL)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_script_is_plain_shell(shell: str) -> None:
    subprocess.run([shell, "-n"], input=SCRIPT, text=True, check=True)
    assert not {"python", "jq", "node", "[["} & set(SCRIPT.split())
