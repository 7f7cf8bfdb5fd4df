"""Volumes: what an app finds mounted, and what alone outlives its container. One list, replaced as a whole."""

from contextlib import suppress
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.configuration.inputs import storable
from spaceport.events.record import record
from spaceport.hub import Hub
from spaceport.spaces.model import Space

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
    volumes: list[Volume] = Field(description="As last set here, or as found when the Space was adopted.")
    on_hub: list[dict[str, Any]] | None = Field(
        None, description="With fresh=true: what the Hub says, in its own words."
    )


def public(space: Space, on_hub: list[dict[str, Any]] | None = None) -> VolumesPublic:
    return VolumesPublic(volumes=[Volume.model_validate(each) for each in space.volumes], on_hub=on_hub)


def as_sent(volumes: list[Volume]) -> list[dict[str, Any]]:
    return [volume.model_dump(exclude_none=True) for volume in volumes]


def on_hub(hub: Hub, space: Space) -> list[dict[str, Any]]:
    """One call. Raises HubFailure."""
    return list(hub.runtime(space.repo_id).raw.get("volumes") or [])


def adopted(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """From a runtime object of the Hub, as far as we understand it."""
    found = []
    for each in raw.get("volumes") or []:
        given = {_OUR_NAMES.get(name, name): value for name, value in each.items() if value not in (None, "")}
        if given.get("type") != "bucket":
            given.pop("read_only", None)
        with suppress(ValidationError):
            understood = Volume.model_validate({name: given[name] for name in given.keys() & Volume.model_fields})
            found.append(understood.model_dump(exclude_none=True))
    return found


def change(session: Session, caller: Caller, space: Space, volumes: list[dict[str, Any]]) -> Space:
    """What the Hub has taken. The caller has locked the space."""
    space.volumes = volumes
    session.add(space)
    record(
        session,
        "volumes.set" if volumes else "volumes.deleted",
        team_id=space.team_id,
        actor=caller.user_id,
        space_id=space.id,
        space=space.repo_id,
        volumes=volumes,
    )
    return space
