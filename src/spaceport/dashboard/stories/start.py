"""The way to a first app: connect the Hub, say where the code comes from."""

from datetime import datetime
from typing import Any

from spaceport.dashboard.new_space import LOCAL_TOKEN
from spaceport.dashboard.stories.story import Story
from spaceport.spaces.model import Sdk, Visibility

_OWNERS = [("hub_acme/ada", "ada"), ("hub_acme/acme", "acme")]
_EXAMPLE = {"source": "example", "name": "hello"}
_GIT = {
    "source": "git",
    "url": "https://git.example/acme/demo",
    "ref": "main",
    "folder": "app",
    "place": "hub_acme/acme",
    "name": "demo two",
    "sdk": "gradio",
    "visibility": "public",
    "adopt": "yes",
}


def stories(_: datetime) -> list[Story]:
    local = {"local": True, "hub": "http://127.0.0.1:7811"}
    return [
        _story("connect", "A local Hub, whose own account is ready", **local),
        _story("connect", "A Hub that needs a token"),
        _story("choose", "The example"),
        _story("choose", "A Git repository that was refused: what was typed is kept", values=_GIT),
        _story("choose", "An archive", values={"source": "upload", "name": "demo"}),
        _story("way", "The first step is next: no account is connected", owners=[]),
        _story("way", "The first step is next, with a local Hub", owners=[], **local),
        _story("way", "The second step is next: an account is connected, by the environment for example"),
    ]


def _story(fragment: str, title: str, **facts: Any) -> Story:
    usual = {
        "local": False,
        "local_token": LOCAL_TOKEN,
        "hub": "https://hub.example",
        "owners": _OWNERS,
        "values": _EXAMPLE,
        "sdks": Sdk,
        "visibilities": Visibility,
    }
    return Story(fragment, title, usual | facts)
