"""What a door takes and shows of secrets and variables. A secret's value is taken and never shown."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    StringConstraints,
    Tag,
    model_validator,
)

from spaceport import text
from spaceport.configuration.model import Kind

# The Hub's own rule (its contract, section 5).
KEY_PATTERN = r"^[a-zA-Z][_a-zA-Z0-9]*$"
MOST_ENTRIES = 200
LONGEST_VALUE = 65_536


class Apply(StrEnum):
    """When a change reaches the Hub: at once together with everything staged, or with the next deployment."""

    NOW = "now"
    NEXT_DEPLOYMENT = "next_deployment"


Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN, max_length=256)]
SecretValue = Annotated[SecretStr, Field(max_length=LONGEST_VALUE), AfterValidator(text.storable_secret)]
VariableValue = Annotated[str, Field(max_length=LONGEST_VALUE), AfterValidator(text.storable)]
Description = Annotated[str, Field(max_length=1000), AfterValidator(text.storable)]
DotenvText = Annotated[str, Field(max_length=1024 * 1024, repr=False)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SecretInput(_Input):
    value: SecretValue
    description: Description | None = Field(None, description="The present one stays when left out.")


class VariableInput(_Input):
    value: VariableValue
    description: Description | None = Field(None, description="The present one stays when left out.")


class SecretEntry(SecretInput):
    key: Key


class VariableEntry(VariableInput):
    key: Key


class SecretEntries(_Input):
    secrets: list[SecretEntry] = Field(min_length=1, max_length=MOST_ENTRIES)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _refuse_doubles([entry.key for entry in self.secrets])
        return self


class VariableEntries(_Input):
    variables: list[VariableEntry] = Field(min_length=1, max_length=MOST_ENTRIES)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _refuse_doubles([entry.key for entry in self.variables])
        return self


def _form(value: object) -> str:
    """What is wrong is told of the form that was sent, and not of both. JSON's adds nothing to the name of a field."""
    return "file" if isinstance(value, str | bytes) else ""


_File = Annotated[DotenvText, Tag("file")]
SecretsInput = Annotated[Annotated[SecretEntries, Tag("")] | _File, Discriminator(_form)]
VariablesInput = Annotated[Annotated[VariableEntries, Tag("")] | _File, Discriminator(_form)]


class RestoreInput(_Input):
    version: int = Field(ge=1, lt=2**31)


class SetBy(BaseModel):
    id: str
    name: str | None


class SecretPublic(BaseModel):
    """Everything about a secret but its value. The version is the one that is wanted, applied or staged."""

    key: str
    description: str | None
    version: int
    staged: bool = Field(description="Not on the Hub yet; see `configuration/staged`.")
    deleted: bool = Field(description="This version is the deletion of the key.")
    managed: bool = Field(description="False for one that was last set or deleted on the Hub itself.")
    set_by: SetBy | None = Field(description="Null for a version that was found on the Hub.")
    set_at: datetime
    applied_at: datetime | None
    refusal: str | None = Field(description="What the Hub said when it did not take this version.")


class SecretVersionPublic(SecretPublic):
    discarded: bool = Field(description="Staged once, and discarded before it reached the Hub.")
    restorable: bool


class VariablePublic(SecretPublic):
    value: str | None = Field(description="Null for a deletion.")


class VariableVersionPublic(SecretVersionPublic):
    value: str | None = Field(description="Null for a deletion.")


class StagedChange(BaseModel):
    """One change that waits for the next application."""

    kind: Kind
    key: str
    action: str = Field(description="set or delete")
    version: int
    set_by: SetBy | None
    set_at: datetime
    refusal: str | None


def _refuse_doubles(keys: list[str]) -> None:
    if doubled := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"{doubled} is given twice")
