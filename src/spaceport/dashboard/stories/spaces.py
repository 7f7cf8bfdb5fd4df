"""All spaces in a list."""

from datetime import datetime
from typing import Any

from spaceport.dashboard import words
from spaceport.dashboard.spaces import Asked
from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import Story
from spaceport.deployments.states import Status
from spaceport.fleet.model import Listing, SpaceListed, Wanted
from spaceport.spaces.model import Sdk

_ALL = frozenset({"team_acme"})


def stories(now: datetime) -> list[Story]:
    lines = [_line(stage, i, now) for i, stage in enumerate((*words.STAGES, None))]
    some = Listing(lines[:3], 250, 250)
    nothing, narrowed = Listing([], 0, 12), Asked(Wanted(q="nowhere"))
    return [
        _story("In every stage, and one that was not seen yet", Listing(lines, len(lines), len(lines))),
        _story("Nothing matches", nothing, asked=narrowed),
        _story("The second of three pages, of several teams", some, asked=Asked(page=2), pages=3, teams=True),
        _story("Selecting several", Listing(lines[:3], 3, 3), asked=Asked(selecting=True)),
        _story(
            "Selecting, with a role that may act on none",
            Listing(lines[:3], 3, 3),
            asked=Asked(selecting=True),
            mine=frozenset(),
        ),
    ]


def _story(title: str, found: Listing, *, teams: bool = False, **facts: Any) -> Story:
    usual = {"asked": Asked(), "pages": 1, "mine": _ALL, "teams": {"team_acme": "Acme"} if teams else {}}
    return Story("spaces", title, usual | {"found": found} | facts)


def _line(stage: str | None, index: int, now: datetime) -> SpaceListed:
    space = samples.space(id=f"space_{index}", name=f"story-{index}", sdk=list(Sdk)[index % len(Sdk)])
    space.host = space.host if index % 2 else None
    space.drifted_at = now if index == 1 else None
    statuses = list(Status)
    last = samples.deployment(statuses[index % len(statuses)], now, id=f"dep_{index}")
    return samples.listed(space, now, stage, release=index, last=last if index else None)
