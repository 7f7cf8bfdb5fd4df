"""The storybook: each fragment of the dashboard in each state on one page, where it is asked for."""

import html
import re

import pytest

from spaceport import clock
from spaceport import instance as instances
from spaceport.dashboard import render, storybook
from spaceport.settings import Settings

FRAGMENTS = {path.stem for path in (render.TEMPLATES / "fragments").iterdir()}


@pytest.fixture
def instance(database, tmp_path):
    return instances.assemble(Settings(_env_file=None, data_dir=tmp_path, storybook=True), database)


@pytest.fixture
def page(visit) -> str:
    answer = visit().get("/storybook")
    assert answer.status_code == 200
    return answer.text


def test_every_fragment_is_shown(page):
    shown = re.findall(r'<h2 id="(\w+)"><code>\w+\.html</code></h2>', page)
    assert sorted(shown) == sorted(FRAGMENTS)


def test_every_state_is_said_as_a_heading_and_no_two_alike(page):
    shown = [html.unescape(title) for title in re.findall(r'<h3 id="[\w-]+">(.+?)</h3>', page)]
    assert sorted(shown) == sorted(story.title for story in storybook.stories(clock.now()))
    assert len(set(shown)) == len(shown)


def test_every_id_is_of_one_state_alone(page):
    ids = re.findall(r'(?<=\s)id="([^"]*)"', page)
    assert [each for each in set(ids) if ids.count(each) > 1] == []


def test_nothing_on_it_fetches_by_itself(page):
    assert re.findall(r"<log-tail[^>]* src=", page) == []
    assert "htmx.js" not in page
