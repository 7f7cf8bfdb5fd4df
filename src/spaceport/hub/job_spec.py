"""What a Hub job is asked to be, in our words; `body` says it in the Hub's (its contract, section 11)."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from spaceport import text

# No NUL: neither a process nor the database can hold one.
Text = Annotated[str, StringConstraints(max_length=32_768, pattern=r"^[^\x00]*$")]
Secret = Annotated[SecretStr, Field(max_length=32_768), AfterValidator(text.storable_secret)]
Variable = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][_a-zA-Z0-9]{0,254}$")]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,100}$")]
LabelValue = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9._-]{0,100}$")]
Labels = dict[LabelKey, LabelValue]
Flavor = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class MountedVolume(_Asked):
    type: Literal["bucket", "model", "dataset", "space"]
    source: Text
    mount_path: Annotated[str, StringConstraints(pattern=r"^/[^\x00]*$", max_length=4096)]
    revision: Text | None = None
    read_only: bool | None = None
    path: Text | None = Field(None, description="Only this folder of it.")


class ExposedPorts(_Asked):
    """Ports that the Hub's proxy leads to; those in `ports_public` without asking for a token."""

    ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(max_length=20)
    ports_public: list[Annotated[int, Field(ge=1, le=65535)]] | None = Field(None, max_length=20)


class SshAccess(_Asked):
    enabled: bool = False


class NetworkGroup(_Asked):
    group: Text
    aliases: list[Text] | None = None


class Command(_Asked):
    """A command in an image, or in the build of a Space: exactly one of `docker_image` and `space_id`."""

    docker_image: Annotated[Text, Field(min_length=1)] | None = Field(None, examples=["python:3.12"])
    space_id: Annotated[Text, Field(min_length=1)] | None = Field(None, examples=["acme/demo"])
    command: list[Annotated[Text, Field(min_length=1)]] = Field(min_length=1, examples=[["python", "-c", "print(1)"]])
    arguments: list[Text] = []
    environment: dict[Variable, Text] = {}
    flavor: Flavor = "cpu-basic"

    @model_validator(mode="after")
    def _one_image(self) -> Self:
        if (self.docker_image is None) == (self.space_id is None):
            raise ValueError("exactly one of docker_image and space_id is needed")
        return self


class JobSpec(Command):
    """Everything that the Hub takes. `secrets` are never shown again, here or there: answers list their names."""

    secrets: dict[Variable, Secret] | None = None
    timeout_seconds: int | None = Field(None, ge=1, le=2**31 - 1, description="The Hub's own is 30 minutes.")
    attempts: int | None = Field(None, ge=1, le=1000)
    labels: Labels = {}
    arch: Literal["amd64", "arm64"] | None = None
    volumes: list[MountedVolume] | None = Field(None, min_length=1)
    expose: ExposedPorts | None = None
    ssh: SshAccess | None = None
    network: NetworkGroup | None = None
    resource_group_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{24}$")] | None = None

    def body(self) -> dict[str, Any]:
        """For the Hub alone: with the values of the secrets."""
        body: dict[str, Any] = _said(self)
        return body


class ReleaseJob(Command):
    """A Hub job that belongs to a deployment. It runs in the namespace of the Space's owner."""

    timeout_seconds: int = Field(
        600, ge=1, le=86_400, description="From asking for the job to its end, the wait for hardware included."
    )

    secrets: list[Variable] = Field(
        [], max_length=100, description="Keys of the Space's secrets, which are sealed here, to hand to the job."
    )

    def asked(self, environment: dict[str, str], labels: dict[str, str], secrets: dict[str, SecretStr]) -> JobSpec:
        given = self.model_dump() | {"environment": self.environment | environment, "secrets": secrets or None}
        return JobSpec(**given, labels=labels)


def _said(value: Any) -> Any:
    """The names of fields as the Hub spells them; names that people chose stay as they are."""
    match value:
        case BaseModel():
            return {to_camel(name): _said(each) for name, each in value if each is not None}
        case dict():
            return {name: _said(each) for name, each in value.items()}
        case list():
            return [_said(each) for each in value]
        case SecretStr():
            return value.get_secret_value()
    return value
