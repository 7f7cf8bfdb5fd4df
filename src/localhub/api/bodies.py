"""The shapes of request bodies about repositories, as the Hub's published document gives them."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
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
    """Strict: a number is no string, and null is not the same as nothing. What a body holds besides is ignored, as the
    Hub does. A default only says what is allowed: what was not sent is not in the facts (`context.checked`).
    """

    model_config = ConfigDict(strict=True, alias_generator=to_camel)


class Entry(Body):
    """A secret or a variable."""

    key: Key
    value: Text = ""
    description: str = ""


class FirstEntry(Entry):
    """One that a Space comes with."""

    value: Text


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
    volumes: Annotated[list[Volume], Field(min_length=1)]


class Hardware(Body):
    flavor: SpaceFlavor
    sleep_time_seconds: SleepTime = -1


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
    private: bool = False
    visibility: Visibility = "public"
    gated: Literal["auto", "manual", False] = False
    discussions_disabled: bool = False
    discussions_sorting: Literal["recently-created", "trending", "reactions"] = "trending"


class Move(Body):
    from_repo: str
    to_repo: str
    type: str = "model"


class SpaceOptions(Body):
    """What a Space may be given when it comes to be."""

    private: bool | None = None
    visibility: Visibility = "public"
    hardware: SpaceFlavor = "cpu-basic"
    sleep_time_seconds: SleepTime = -1
    secrets: list[FirstEntry] = []
    variables: list[FirstEntry] = []
    volumes: list[Volume] = []


class NewRepository(Repository, SpaceOptions):
    type: str = "model"
    sdk: str = ""
    template: str = ""
    files: list[dict[str, Any]] = []

    @model_validator(mode="after")
    def _one_visibility(self) -> Self:
        if self.private is not None and "visibility" in self.model_fields_set:
            raise ValueError("private cannot be specified along with visibility")
        return self


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
    starting_point: str = ""
    empty_branch: bool = False
    overwrite: bool = False


class Tag(Body):
    tag: Annotated[str, Field(min_length=1)]
    message: str = ""


class Squash(Body):
    message: Annotated[Text, Field(max_length=500)] = ""


class Upload(Body):
    path: str
    size: Annotated[float, Field(ge=0)]
    sample: str


class Uploads(Body):
    files: Annotated[list[Upload], Field(max_length=256)]
    git_attributes: str = ""
    git_ignore: str = ""


class Card(Body):
    content: str
    repo_type: str | None = None
