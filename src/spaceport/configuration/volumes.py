"""Volumes: what an app finds mounted, and what alone outlives its container. One list, replaced as a whole."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from spaceport.configuration.model import Version
from spaceport.hub import Entry, Hub
from spaceport.spaces.model import Space
from spaceport.text import storable

# Of the one entry that the list is; no secret or variable can be called so.
KEY = "*"

_OUR_NAMES = {"mountPath": "mount_path", "readOnly": "read_only"}
_Text = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(storable)]


class Volume(BaseModel):
    """A bucket or a repository of the Hub as a folder. Only a bucket can be written to."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["bucket", "model", "dataset", "space"]
    source: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$", max_length=200)] = Field(
        examples=["acme/data"]
    )
    mount_path: Annotated[_Text, StringConstraints(pattern=r"^/[^/]")] = Field(examples=["/data"])
    revision: _Text | None = Field(None, description="Of a repository; its main branch when left out.")
    read_only: bool | None = Field(None, description="Repositories always are; buckets are not unless asked for.")
    path: _Text | None = Field(None, description="A folder inside of it, in the place of all of it.")

    @model_validator(mode="after")
    def _as_the_hub_mounts_it(self) -> Self:
        if self.type == "bucket" and self.revision is not None:
            raise ValueError("a bucket has no revisions")
        if self.type != "bucket" and self.read_only is False:
            raise ValueError(f"a {self.type} can be mounted read-only alone; a bucket can be written to")
        return self


class VolumesInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    volumes: list[Volume] = Field(min_length=1, max_length=50)


class VolumesPublic(BaseModel):
    volumes: list[Volume] = Field(description="As last applied here, or as found on the Hub.")
    staged: list[Volume] | None = Field(
        None, description="What the next application puts in their place; null when nothing is staged."
    )
    on_hub: list[dict[str, Any]] | None = Field(
        None, description="With fresh=true: what the Hub says, in its own words."
    )


def public(space: Space, newest: Version | None = None, on_hub: list[dict[str, Any]] | None = None) -> VolumesPublic:
    """`newest` is the newest version of the list, if there is any."""
    staged = listed(newest) if newest is not None and newest.staged else None
    return VolumesPublic(volumes=[Volume.model_validate(each) for each in space.volumes], staged=staged, on_hub=on_hub)


def wanted(space: Space, newest: Version | None) -> list[Volume]:
    """What the app is to find mounted: as staged, else as it is."""
    return listed(newest) if newest is not None else [Volume.model_validate(each) for each in space.volumes]


def listed(version: Version) -> list[Volume]:
    return [] if version.deleted else [Volume.model_validate(each) for each in kept(version)]


def kept(version: Version) -> list[dict[str, Any]]:
    """As a Space keeps it, and as the Hub's client takes it."""
    found: list[dict[str, Any]] = json.loads(version.value or "[]")
    return found


def text(volumes: Iterable[Volume]) -> str:
    return json.dumps([each.model_dump(exclude_none=True) for each in volumes])


def same(one: str | None, other: str | None) -> bool:
    """Whether two texts of lists mean the same, in whatever order."""
    plain = [[_plain(each) for each in json.loads(text or "[]")] for text in (one, other)]
    first, second = (sorted(each, key=lambda volume: str(volume["mount_path"])) for each in plain)
    return first == second


def on_hub(hub: Hub, space: Space) -> list[dict[str, Any]]:
    """One call. Raises HubFailure."""
    return list(hub.runtime(space.repo_id).raw.get("volumes") or [])


def entries(there: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """From the Hub's own words, as far as we understand them. No entry: nothing is mounted."""
    found = []
    for each in there:
        given = {_OUR_NAMES.get(name, name): value for name, value in each.items() if value not in (None, "")}
        if given.get("type") != "bucket":
            given.pop("read_only", None)
        with suppress(ValidationError):
            found.append(Volume.model_validate({name: given[name] for name in given.keys() & Volume.model_fields}))
    return {KEY: Entry(KEY, text(found), None)} if found else {}


def _plain(volume: dict[str, Any]) -> dict[str, Any]:
    """Without what goes without saying, which the Hub may say or leave out."""
    usual = {"read_only": volume.get("type") != "bucket", "revision": "main"}
    return {name: value for name, value in volume.items() if usual.get(name) != value}
