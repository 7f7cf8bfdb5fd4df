"""The shapes of request bodies about repositories, as the Hub's published document gives them."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from localhub import hardware


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def one_of(name: str, known: Iterable[str]) -> str:
    if name not in known:
        raise ValueError(f"must be one of [{', '.join(known)}]")
    return name


Text = Annotated[str, AfterValidator(_without_nul)]
"""What may become part of an argument list or an environment."""
KEY = r"^[a-zA-Z][_a-zA-Z0-9]*$"
Key = Annotated[str, Field(pattern=KEY)]
SpaceFlavor = Annotated[str, AfterValidator(lambda name: one_of(name, hardware.FLAVORS))]
SleepTime = Annotated[int, Field(ge=-1, le=2**53 - 1)]
Visibility = Literal["public", "private", "protected"]


class Body(BaseModel):
    """Strict: a number is no string. What a body holds besides is ignored, as the Hub does."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class Entry(Body):
    """A secret or a variable."""

    key: Key
    value: Text = ""
    description: str | None = None


class Named(Body):
    key: str


class Volume(Body):
    type: Literal["bucket", "model", "dataset", "space"]
    source: str
    mount_path: Annotated[Text, Field(pattern=r"^/.*$")]
    revision: str = ""
    read_only: bool = False
    path: str = ""


class Volumes(Body):
    volumes: list[Volume]


class Hardware(Body):
    flavor: SpaceFlavor
    sleep_time_seconds: SleepTime | None = None


class Sleep(Body):
    seconds: SleepTime


class Replicas(Body):
    replicas: Annotated[int, Field(ge=1, le=1000)]


class DevMode(Body):
    enabled: bool


class Repository(Body):
    name: str
    organization: str | None = None


class RepositorySettings(Body):
    private: bool | None = None
    visibility: Visibility | None = None
    gated: Literal["auto", "manual", False] | None = None
    discussions_disabled: bool | None = None
    discussions_sorting: Literal["recently-created", "trending", "reactions"] | None = None


class Move(Body):
    from_repo: str
    to_repo: str
    type: str = "model"


class SpaceOptions(Body):
    """What a Space may be given when it comes to be."""

    private: bool | None = None
    visibility: Visibility | None = None
    hardware: SpaceFlavor | None = None
    sleep_time_seconds: SleepTime | None = None
    secrets: list[Entry] | None = None
    variables: list[Entry] | None = None
    volumes: list[Volume] | None = None


class NewRepository(Repository, SpaceOptions):
    type: str = "model"
    sdk: str | None = None
    template: str | None = None
    files: list[dict[str, Any]] | None = None


class Duplicate(SpaceOptions):
    repository: str


class NewBucket(Body):
    private: bool | None = None
    visibility: Literal["public", "private"] | None = None


class BucketSettings(Body):
    private: bool | None = None


class Paths(Body):
    paths: Annotated[list[str], Field(max_length=2000)] | str


class BucketLine(Body):
    """One line of a bucket's batch."""

    type: Literal["addFile", "copyFile", "deleteFile"]
    path: str
    xet_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = ""
    mtime: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """Milliseconds since 1970."""


class Branch(Body):
    starting_point: str | None = None
    empty_branch: bool | None = None
    overwrite: bool | None = None


class Tag(Body):
    tag: Annotated[str, Field(min_length=1)]
    message: str | None = None


class Squash(Body):
    message: Annotated[Text, Field(max_length=500)] | None = None


class Upload(Body):
    path: str
    size: Annotated[float, Field(ge=0)]
    sample: str


class Uploads(Body):
    files: Annotated[list[Upload], Field(max_length=256)]
    git_attributes: str | None = None
    git_ignore: str | None = None


class Card(Body):
    content: str
    repo_type: str | None = None
