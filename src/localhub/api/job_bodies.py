"""The shapes of request bodies about jobs, and about what begins them: schedules and webhooks."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from localhub import hardware
from localhub.api.bodies import Body, Key, Text, Volume, one_of

EnvName = Annotated[str, Field(pattern=r"^[a-zA-Z][_a-zA-Z0-9]+$")]
LabelKey = Annotated[str, Field(max_length=100, pattern=r"^[a-zA-Z0-9._-]+$")]
Label = Annotated[str, Field(max_length=100, pattern=r"^[a-zA-Z0-9._-]*$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Group = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{24}$")]
JobFlavor = Annotated[str, AfterValidator(lambda name: one_of(name, hardware.JOB_FLAVORS))]


class Expose(Body):
    ports: Annotated[list[Port], Field(max_length=20)]
    ports_public: Annotated[list[Port], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _public_ones_are_exposed(self) -> Self:
        if not set(self.ports_public) <= set(self.ports):
            raise ValueError("portsPublic must be a subset of ports")
        return self


class Ssh(Body):
    enabled: bool = False


class JobSpec(Body):
    docker_image: Annotated[Text, Field(min_length=1)] = ""
    space_id: Annotated[str, Field(min_length=1)] = ""
    command: Annotated[list[Annotated[Text, Field(min_length=1)]], Field(min_length=1)] = Field(default_factory=list)
    arguments: list[Text] = Field(default_factory=list)
    environment: dict[EnvName, Text] = Field(default_factory=dict)
    secrets: dict[Key, Text] = Field(default_factory=dict)
    flavor: JobFlavor
    arch: Literal["amd64", "arm64"] = "amd64"
    timeout_seconds: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None
    attempts: Annotated[int, Field(ge=1, le=2**53 - 1)] = 1
    labels: dict[LabelKey, Label] = Field(default_factory=dict)
    volumes: Annotated[list[Volume], Field(min_length=1)] = Field(default_factory=list)
    expose: Expose = Expose.model_construct(ports=[])
    ssh: Ssh = Ssh.model_construct()
    network: dict[str, Any] = Field(default_factory=dict)
    resource_group_id: Group = ""

    @model_validator(mode="after")
    def _one_image(self) -> Self:
        if bool(self.docker_image) == bool(self.space_id):
            raise ValueError("exactly one of dockerImage and spaceId is required")
        return self


class Labels(Body):
    labels: dict[LabelKey, Label]


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


class Watched(Body):
    type: Literal["dataset", "model", "space", "bucket", "kernel", "user", "org"]
    name: str


class Webhook(Body):
    watched: list[Watched]
    url: Annotated[str, Field(pattern=r"^https?://[^/]")] = ""
    job: JobSpec = JobSpec.model_construct(flavor="")
    job_source_id: str = ""
    domains: Annotated[list[Literal["repo", "discussion"]], Field(min_length=1)] = Field(default_factory=list)
    secret: Annotated[str, Field(pattern=r"^[\x20-\x7F]*$")] = ""
    secrets: dict[Key, Text] = Field(default_factory=dict)


class NewWebhook(Webhook):
    watched: Annotated[list[Watched], Field(min_length=1)]
