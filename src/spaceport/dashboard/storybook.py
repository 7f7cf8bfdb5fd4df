"""Each fragment in each state on one page, for the people who work on them. Only with `STORYBOOK=true`.

A state is one entry in `stories/`.
"""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, Request, Response

from spaceport import clock
from spaceport.dashboard import render, words
from spaceport.dashboard.stories import configuration, deployments, pushes, settings, space, spaces, start
from spaceport.dashboard.stories.story import Story
from spaceport.deployments.states import Status

router = APIRouter()

_SHELVES = (start, spaces, space, deployments, configuration, settings, pushes)


@dataclass(frozen=True)
class Shown:
    id: str
    title: str
    text: str


@router.get("/storybook")
def storybook_page(request: Request) -> Response:
    signs = [*map(words.stage, (*words.STAGES, None)), *map(words.status, Status)]
    return render.page(request, "storybook.html", signs=signs, shelves=_shelves(request))


def stories(now: datetime) -> list[Story]:
    return [story for shelf in _SHELVES for story in shelf.stories(now)]


def _shelves(request: Request) -> dict[str, list[Shown]]:
    """By the name of their fragment."""
    return {
        fragment: [_shown(request, f"{fragment}-{i}", story) for i, story in enumerate(found, start=1)]
        for fragment, found in groupby(sorted(stories(clock.now()), key=_fragment), _fragment)
    }


def _fragment(story: Story) -> str:
    return story.fragment


def _shown(request: Request, key: str, story: Story) -> Shown:
    text = render.text(request, f"fragments/{story.fragment}.html", **story.context)
    return Shown(key, story.title, _apart(text, key, story.title))


def _apart(text: str, key: str, title: str) -> str:
    """One of many on its page: with ids, names and headings that mean no other, and nothing that fetches by itself."""
    text = re.sub(r'(?<=\s)src="[^"]*"', "", text)
    text = re.sub(r'(?<=\s)(id|for|aria-describedby)="', rf'\1="{key}-', text)
    text = re.sub(r'(?<=\s)aria-labelledby="([^"]+)"', rf'aria-labelledby="{key}-\1 {key}"', text)
    text = re.sub(r'(?<=\s)aria-label="([^"]+)"', rf'aria-label="\1, {html.escape(title)}"', text)
    return re.sub(r"<h\d", r'\g<0> aria-level="4"', text)
