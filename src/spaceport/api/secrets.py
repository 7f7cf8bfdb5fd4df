"""Secrets of a space. No route answers a value: it is sealed here, and the Hub never tells it."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from spaceport.api import changes
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.changes import Change, Fresh, Key
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import commands, dotenv_file, queries
from spaceport.configuration.commands import Setting
from spaceport.configuration.inputs import (
    RestoreInput,
    SecretInput,
    SecretPublic,
    SecretsInput,
    SecretVersionPublic,
)
from spaceport.configuration.model import Kind
from spaceport.errors import Invalid

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}/secrets", tags=["configuration"])

DOTENV: dict[str, Any] = {
    "requestBody": {"content": {"text/plain": {"schema": {"type": "string"}, "example": "API_KEY=…\nOTHER='…'\n"}}}
}


@router.get("")
def list_secrets(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, fresh: Fresh = False
) -> list[SecretPublic]:
    """Keys, versions, who set them and when; never a value. `managed` is false for what was set on the Hub."""
    found = changes.listed(instance, claims, owner, name, Kind.SECRET, fresh=fresh)
    return [queries.secret(version) for version in found]


@router.get("/{key}")
def read_secret(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, key: Key) -> SecretPublic:
    """One secret, without its value. Its `ETag` serves as `If-Match` to change or delete it."""
    return queries.secret(changes.one(instance, claims, owner, name, Kind.SECRET, key))


@router.put("/{key}")
def set_secret(change: Change, key: Key, wanted: SecretInput) -> SecretPublic:
    """Set one secret and leave the others. The value that it has already makes no new version and no restart."""
    [version] = change.put(Kind.SECRET, [Setting(key, wanted.value.get_secret_value(), wanted.description)])
    return queries.secret(version)


@router.post("", openapi_extra=DOTENV)
def set_secrets(change: Change, wanted: Annotated[SecretsInput, Body()]) -> list[SecretPublic]:
    """Set several secrets and leave the others: as JSON, or as a dotenv file with `Content-Type: text/plain`."""
    if isinstance(wanted, str):
        settings = [Setting(key, value) for key, value in dotenv_file.parse(wanted).items()]
    else:
        settings = commands.settings(wanted.secrets)
    return [queries.secret(version) for version in change.put(Kind.SECRET, settings)]


@router.delete("/{key}")
def delete_secret(
    change: Change,
    key: Key,
    confirm: Annotated[str | None, Query(max_length=256, description="The key once more.")] = None,
) -> SecretPublic:
    """Needs `confirm` with the key: the Hub tells nobody the value again."""
    if confirm != key:
        raise Invalid(
            f"Deleting the secret {key} needs a confirmation, because its value cannot be read back from the Hub.",
            code="confirmation_needed",
            fix=f"Send confirm={key}.",
        )
    [version] = change.delete(Kind.SECRET, key)
    return queries.secret(version)


@router.get("/{key}/versions")
def list_secret_versions(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, key: Key
) -> list[SecretVersionPublic]:
    """Newest first, without their values."""
    return queries.secret_history(changes.history(instance, claims, owner, name, Kind.SECRET, key))


@router.post("/{key}/restore")
def restore_secret(change: Change, key: Key, wanted: RestoreInput) -> SecretPublic:
    """Set the value of an earlier version again, as a new one. 409 `value_unknown` for what was set on the Hub."""
    [version] = change.restore(Kind.SECRET, key, wanted.version)
    return queries.secret(version)
