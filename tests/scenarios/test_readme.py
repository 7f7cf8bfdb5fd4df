"""What the README tells people to type works when it is typed."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is made with curl")
def test_the_tour_leads_to_an_app_that_answers(spaceport):
    found = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert found
    tour = found[1].replace("http://127.0.0.1:7860", spaceport.url)

    run = subprocess.run(
        ["/bin/sh", "-eu"],
        input=tour,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "event: deployment.succeeded" in run.stdout
    assert "This page is served by <b>local/tour</b>." in run.stdout


def test_the_front_matter_is_what_a_docker_space_needs():
    front_matter = yaml.safe_load(README.split("---\n")[1])

    assert (front_matter["sdk"], front_matter["app_port"]) == ("docker", 7860)
    assert len(front_matter["short_description"]) <= 60


@pytest.mark.parametrize("page", [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.stem)
def test_links_between_the_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []
