"""A client in another language: made from the OpenAPI document, checked by its compiler, and really used."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.localhub_server import LocalHub
from tests.scenarios.apps import EXAMPLES
from tests.spaceport_server import Person, SpaceportServer

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js and npm are not installed")


def test_a_typescript_client_is_made_from_the_document_and_follows_a_deployment(
    spaceport: SpaceportServer, person: Person, hub: LocalHub, repo_id: str, tmp_path: Path
) -> None:
    person.manage(repo_id, sdk="static", source=person.upload({"index.html": "hello"}))
    for name in ("package.json", "package-lock.json", "tsconfig.json", "follow.ts"):
        shutil.copy(EXAMPLES / "typescript" / name, tmp_path)
    who = {"SPACEPORT_URL": spaceport.url, "SPACEPORT_EMAIL": person.email, "SPACEPORT_PASSWORD": person.password}

    ran(tmp_path, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
    ran(tmp_path, "npm", "run", "generate", **who)
    ran(tmp_path, "npm", "run", "build")
    said = ran(tmp_path, "node", "built/follow.js", repo_id, **who)

    assert f"space {repo_id} public" in said
    assert "problem space_not_found: List yours with GET /api/v1/spaces" in said
    kinds = [line.removeprefix("event deployment.") for line in said.splitlines() if line.startswith("event ")]
    assert (kinds[0], kinds[-1]) == ("queued", "succeeded")


def ran(folder: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
