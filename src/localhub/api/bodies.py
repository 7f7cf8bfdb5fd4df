"""The shapes of request bodies, as the Hub's published document gives them."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from localhub import hardware


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


def _one_of(name: str, known: Iterable[str]) -> str:
    if name not in known:
        raise ValueError(f"must be one of [{', '.join(known)}]")
    return name


Text = Annotated[str, AfterValidator(_without_nul)]
"""What may become part of an argument list or an environment."""
Key = Annotated[str, Field(pattern=r"^[a-zA-Z][_a-zA-Z0-9]*$")]
EnvName = Annotated[str, Field(pattern=r"^[a-zA-Z][_a-zA-Z0-9]+$")]
Label = Annotated[str, Field(max_length=100, pattern=r"^[a-zA-Z0-9._-]*$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Group = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{24}$")]
SpaceFlavor = Annotated[str, AfterValidator(lambda name: _one_of(name, hardware.FLAVORS))]
JobFlavor = Annotated[str, AfterValidator(lambda name: _one_of(name, hardware.JOB_FLAVORS))]
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


class Expose(Body):
    ports: list[Port]
    ports_public: list[Port] = []

    @model_validator(mode="after")
    def _public_ones_are_exposed(self) -> Self:
        if not set(self.ports_public) <= set(self.ports):
            raise ValueError("portsPublic must be a subset of ports")
        return self


class Ssh(Body):
    enabled: bool = False


class JobSpec(Body):
    docker_image: Annotated[Text, Field(min_length=1)] | None = None
    space_id: Annotated[str, Field(min_length=1)] | None = None
    command: list[Annotated[Text, Field(min_length=1)]] = []
    arguments: list[Text] = []
    environment: dict[EnvName, Text] = {}
    secrets: dict[Key, Text] = {}
    flavor: JobFlavor
    arch: Literal["amd64", "arm64"] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None
    attempts: Annotated[int, Field(ge=1, le=2**53 - 1)] = 1
    labels: dict[Label, Label] = {}
    volumes: list[Volume] = []
    expose: Expose | None = None
    ssh: Ssh | None = None
    network: dict[str, Any] | None = None
    resource_group_id: Group | None = None

    @model_validator(mode="after")
    def _one_image(self) -> Self:
        if (self.docker_image is None) == (self.space_id is None):
            raise ValueError("exactly one of dockerImage and spaceId is required")
        return self


class Watched(Body):
    type: Literal["dataset", "model", "space", "bucket", "kernel", "user", "org"]
    name: str


class Webhook(Body):
    watched: list[Watched] | None = None
    url: Annotated[str, Field(pattern=r"^https?://[^/]")] | None = None
    job: JobSpec | None = None
    job_source_id: str | None = None
    domains: list[Literal["repo", "discussion"]] | None = None
    secret: Annotated[str, Field(pattern=r"^[\x20-\x7F]*$")] | None = None
    secrets: dict[Key, Text] | None = None


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


class Labels(Body):
    labels: dict[Label, Label]


_CRON = (
    r"^(?:(@(annually|yearly|monthly|weekly|daily|hourly))"
    r"|(((([0-9]+,)+[0-9]+|((\*|[0-9]+)(/|-)[0-9]+)|[0-9]+|\*) ?){5,7}))$"
)


class Timetable(Body):
    schedule: Annotated[str, Field(pattern=_CRON)]


class ScheduledJob(Timetable):
    job_spec: JobSpec
    suspend: bool = False
    concurrency: bool = False
