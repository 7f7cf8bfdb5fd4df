"""The workflow as CI runs it: its script, taken out of the snippet, with real git, curl and shells."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.git_server import GitServer
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import Person

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
STATIC = {"index.html": "<h1>hello</h1>"}


class Job:
    """A CI job on a checkout of `files`, with the secrets and variables that its host would set."""

    def __init__(self, folder: Path, snippet: dict[str, Any], files: dict[str, str], token: str) -> None:
        self.checkout = folder / "checkout"
        for name, content in files.items():
            path = self.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.summary = folder / "summary.md"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(self.temporary),
            "SPACEPORT_LOOK_EVERY": "0.2",
            "SPACEPORT_TOKEN": token,
        } | IDENTITY
        self.script = self._read(snippet)
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Change"]):
            subprocess.run(["git", *command], cwd=self.checkout, env=self.environment, check=True)

    def _read(self, snippet: dict[str, Any]) -> str:
        if "spaceport" in snippet:
            job = snippet["spaceport"]
            self.environment |= job["variables"] | {"CI_JOB_ID": "4711"}
            self.summary = self.checkout / "spaceport-summary.md"
            return "\n".join(job["script"])
        step = snippet["jobs"]["deploy"]["steps"][-1]
        given = {name: value for name, value in step["env"].items() if "${{" not in value}
        self.environment |= given | {"SPACEPORT_RUN": "github 1-1", "GITHUB_STEP_SUMMARY": str(self.summary)}
        return step["run"]

    def run(self, shell: str = "bash", **more: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [shell, "-e", "-c", self.script],
            cwd=self.checkout,
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert self.environment["SPACEPORT_TOKEN"] not in done.stdout + done.stderr
        assert not list(self.temporary.iterdir()), "the script left something behind"
        return done


@pytest.fixture
def snippet(person: Person, repo_id: str):
    def read(host: str = "github") -> dict[str, Any]:
        answer = person.http.get(f"/spaces/{repo_id}/ci-snippet", params={"host": host})
        assert answer.headers["content-type"].startswith("text/plain")
        return yaml.safe_load(answer.text)

    return read


@pytest.fixture
def token(person: Person, repo_id: str):
    """Of the space, once it is managed."""
    return lambda: person.post(f"/spaces/{repo_id}/deploy-tokens", {"name": "ci"})["token"]


@pytest.mark.parametrize(("host", "shell"), [("github", "bash"), ("gitlab", "sh")])
def test_a_commit_goes_live_and_the_job_says_so(
    person: Person, repo_id: str, snippet, token, tmp_path: Path, *, host: str, shell: str
) -> None:
    person.manage(repo_id, sdk="static")
    job = Job(tmp_path, snippet(host), STATIC, token())
    done = job.run(shell)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is live" in job.summary.read_text()
    assert "succeeded" in done.stdout
    [deployment] = person.get(f"/spaces/{repo_id}/deployments")["items"]
    assert (deployment["status"], deployment["source"]["kind"]) == ("succeeded", "upload")
    assert deployment["id"] in job.summary.read_text()
    # CI runs the very same job again: it gets the answer that it had.
    assert job.run(shell).returncode == 0
    assert len(person.get(f"/spaces/{repo_id}/deployments")["items"]) == 1


def test_a_folder_of_a_monorepo_is_deployed_alone(
    person: Person, repo_id: str, snippet, token, git: GitServer, *, hub: LocalHub, tmp_path: Path
) -> None:
    git.repo("ci-mono").commit({"x": "x"})
    source = {"kind": "git", "url": git.url("ci-mono"), "ref": "main", "folder": 'apps/my "web" site'}
    person.manage(repo_id, source, sdk="static")
    job = Job(tmp_path, snippet(), {'apps/my "web" site/index.html': "hi", "secret.txt": "not this"}, token())
    done = job.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(hub.api().list_repo_files(repo_id, repo_type="space")) == {".gitattributes", "README.md", "index.html"}


def test_a_failed_deployment_fails_the_job_with_the_reason(
    person: Person, repo_id: str, snippet, token, tmp_path: Path
) -> None:
    person.manage(repo_id)
    job = Job(tmp_path, snippet(), apps.broken_build(), token())
    done = job.run()
    assert done.returncode == 1
    assert "failed" in done.stdout
    assert "build" in job.summary.read_text()
    assert "about to break" in job.summary.read_text()


def test_one_that_was_superseded_is_neither_a_success_nor_a_failure(
    person: Person, repo_id: str, snippet, token, tmp_path: Path
) -> None:
    person.manage(repo_id, person.upload(apps.never_listens()))
    running = person.deploy(repo_id)
    person.until(running, "deployment.building")
    job = Job(tmp_path, snippet(), STATIC, token())
    with subprocess.Popen(
        ["bash", "-e", "-c", job.script],
        cwd=job.checkout,
        env=job.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        while "queued" not in (line := process.stdout.readline()):
            assert line, "the job ended before it had begun to wait"
        newer = person.deploy(repo_id, if_busy="supersede_running")
        rest = process.stdout.read()
    person.post(f"/deployments/{newer['id']}/cancellation")
    assert process.returncode == 3, rest
    assert "was superseded" in job.summary.read_text()


def test_a_token_that_does_not_count_fails_the_job_at_once(
    person: Person, repo_id: str, snippet, tmp_path: Path
) -> None:
    person.manage(repo_id, sdk="static")
    job = Job(tmp_path, snippet(), STATIC, f"spd_{'0' * 26}_{'x' * 43}")
    done = job.run()
    assert done.returncode == 1
    assert "answered 401" in done.stderr
    assert "deploy_token_invalid" in job.summary.read_text()


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_job_without_its_secret_or_its_folder_fails_with_the_reason(
    person: Person, repo_id: str, snippet, token, tmp_path: Path, *, shell: str
) -> None:
    person.manage(repo_id, sdk="static")
    job = Job(tmp_path, snippet(), STATIC, token())
    assert job.run(shell, SPACEPORT_FOLDER="nowhere").returncode == 1
    assert "did not match any files" in job.summary.read_text()
    # A protected variable is not even there on other branches.
    job.script = f"unset SPACEPORT_TOKEN\n{job.script}"
    assert job.run(shell).returncode == 1
    assert "SPACEPORT_TOKEN is empty" in job.summary.read_text()
    assert person.get(f"/spaces/{repo_id}/deployments")["items"] == []


def test_a_job_that_has_waited_long_enough_says_that_nobody_knows(
    person: Person, repo_id: str, snippet, token, tmp_path: Path
) -> None:
    person.manage(repo_id)
    job = Job(tmp_path, snippet(), apps.never_listens(), token())
    done = job.run(SPACEPORT_TIMEOUT="1")
    assert done.returncode == 2
    assert "goes on" in job.summary.read_text()
    [deployment] = person.get(f"/spaces/{repo_id}/deployments")["items"]
    person.post(f"/deployments/{deployment['id']}/cancellation")
