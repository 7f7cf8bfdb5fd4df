"""Secrets, variables and volumes, and the changes of them that wait."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.configuration import volumes
from spaceport.configuration.model import Kind, Version
from spaceport.configuration.volumes import Volume
from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import EVERYTHING, VIEWER, Story
from spaceport.spaces.model import Sdk

_MOUNTS = (
    (Volume(type="bucket", source="acme/uploads", mount_path="/data"), "there"),
    (Volume(type="model", source="acme/encoder", mount_path="/models", revision="v2", path="onnx"), "staged"),
    (Volume(type="bucket", source="acme/old", mount_path="/old", read_only=True), "leaving"),
)
_REFUSED = "A secret must not be longer than 64 KB."


def stories(now: datetime) -> list[Story]:
    return [*_entries(now), *_volumes(), *_staged(now)]


def _entries(now: datetime) -> list[Story]:
    secrets = [
        _version("HF_TOKEN", now, applied_at=now, description="reads the gated model"),
        _version("OPENAI_API_KEY", now),
        _version("OLD_TOKEN", now, deleted=True),
        _version("CERTIFICATE", now, refusal=_REFUSED),
        _version("FOUND_THERE", now, applied_at=now, set_by_name=None),
    ]
    values = {
        "LOG_LEVEL": "debug",
        "MODEL_ID": "acme/encoder-large-with-a-long-name-" + "x" * 60,
        "EMPTY": "",
        "GONE": None,
    }
    variables = [_version(key, now, kind=Kind.VARIABLE, value=value, applied_at=now) for key, value in values.items()]
    refused = {"form": "variables", "key": "1ST", "value": "first\nsecond"}
    pasted = {"form": "secrets-dotenv"}
    return [
        _listed("secrets", "Secrets in each state", secrets),
        _listed("secrets", "No secrets", []),
        _listed("secrets", "A dotenv text was refused: a secret is not shown again", [], typed=pasted),
        _listed("secrets", "Secrets, for a viewer", secrets, **VIEWER),
        _listed("variables", "Variables with values short, long, empty and none", variables),
        _listed("variables", "A variable was refused: what was typed is kept", [], typed=refused),
        _listed("variables", "No variables, for a viewer", [], **VIEWER),
    ]


def _listed(plural: str, title: str, entries: list[Version], **facts: Any) -> Story:
    usual = {"space": samples.space(), "plural": plural, "entries": entries, "typed": {"form": ""}} | EVERYTHING
    return Story("entries", title, usual | facts)


def _volumes() -> list[Story]:
    usual = {"space": samples.space(), "mounts": _MOUNTS, "typed": {"form": ""}} | EVERYTHING
    typed = {"form": "volumes", "type": "dataset", "source": "acme", "mount_path": "data", "read_only": "yes"}
    return [
        Story("volumes", "Mounted, to be mounted and to be removed", usual),
        Story("volumes", "Nothing mounted", usual | {"mounts": []}),
        Story("volumes", "A volume was refused: what was typed is kept", usual | {"mounts": [], "typed": typed}),
        Story("volumes", "Volumes, for a viewer", usual | VIEWER),
    ]


def _staged(now: datetime) -> list[Story]:
    several = [
        _version("OPENAI_API_KEY", now),
        _version("LOG_LEVEL", now, kind=Kind.VARIABLE, deleted=True),
        _version("CERTIFICATE", now, refusal=_REFUSED),
        _version(volumes.KEY, now, kind=Kind.VOLUMES),
    ]
    usual = {"space": samples.space(), "staged": several, "stage": "RUNNING", "mounts": _MOUNTS} | EVERYTHING
    static = {"space": samples.space(sdk=Sdk.STATIC), "staged": several[:1]}
    unmounted = [_version(volumes.KEY, now, kind=Kind.VOLUMES, deleted=True)]
    return [
        Story("staged", "Several changes, one of them refused by the Hub", usual),
        Story("staged", "One change, of an app that is paused", usual | {"staged": several[:1], "stage": "PAUSED"}),
        Story("staged", "One change, of a static Space", usual | static),
        Story("staged", "All volumes to be unmounted", usual | {"staged": unmounted}),
        Story("staged", "Changes, for a viewer", usual | VIEWER),
    ]


def _version(key: str, now: datetime, **facts: Any) -> Version:
    at = now - timedelta(hours=5)
    usual: dict[str, Any] = {"kind": Kind.SECRET, "version": 2, "set_by_name": "Ada", "set_at": at}
    return Version(space_id="space_demo", key=key, **usual | facts)
