"""This repository is a Docker Space: Spaceport brings it live as it would anybody's."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from tests import spaceport_server

ROOT = Path(__file__).parents[2]
# What the image is made of, and the README with the Space's front matter.
SHIPPED = ("Dockerfile", "README.md", "requirements.txt", "migrations", "src")


@pytest.mark.timeout(400)
def test_the_repository_comes_up_as_a_space_and_says_that_it_is_well(person, hub, repo_id, monkeypatch):
    # The build installs all our dependencies.
    monkeypatch.setattr(spaceport_server, "DEPLOYMENT_TIMEOUT", 360)
    if os.geteuid() == 0:
        # The inner Postgres runs under another account, which has to get through to its files.
        hub.folder.chmod(0o711)
    person.manage(repo_id, person.upload(shipped()), health={"path": "/health", "within": 60})
    hub.api().add_space_variable(repo_id, "HF_ENDPOINT", hub.url)

    deployment = person.finished(person.deploy(repo_id))

    assert deployment["status"] == "succeeded", (deployment["reason"], person.log(deployment))
    health = httpx.get(f"{deployment['url']}/health", trust_env=False).json()
    assert {name: part["ok"] for name, part in health["parts"].items()} == {
        "process": True,
        "database": True,
        "worker": True,
        "hub": True,
    }
    refused = httpx.get(f"{deployment['url']}/api/v1/me", trust_env=False)
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")


def shipped() -> dict[str, str]:
    """The files git knows, as they are now; nothing that merely lies around."""
    listing = subprocess.run(["git", "ls-files", "-z", *SHIPPED], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: (ROOT / name).read_text() for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()}
