"""Variables of a space. Their values are readable: the Hub shows those of a public Space to everybody."""

from typing import Annotated

from fastapi import APIRouter, Body

from spaceport.api import changes
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.api.changes import Change, Fresh, Key
from spaceport.api.secrets import DOTENV
from spaceport.api.spaces import Name, Owner
from spaceport.configuration import commands, dotenv_file, queries
from spaceport.configuration.commands import Setting
from spaceport.configuration.inputs import (
    RestoreInput,
    VariableInput,
    VariablePublic,
    VariablesInput,
    VariableVersionPublic,
)
from spaceport.configuration.model import Kind

router = APIRouter(prefix="/api/v1/spaces/{owner}/{name}/variables", tags=["configuration"])


@router.get("")
def list_variables(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, fresh: Fresh = False
) -> list[VariablePublic]:
    """Keys, values, versions, who set them and when. `managed` is false for what was set on the Hub."""
    found = changes.listed(instance, claims, owner, name, Kind.VARIABLE, fresh=fresh)
    return [queries.variable(version) for version in found]


@router.get("/{key}")
def read_variable(instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, key: Key) -> VariablePublic:
    """One variable. Its `ETag` serves as `If-Match` to change or delete it."""
    return queries.variable(changes.one(instance, claims, owner, name, Kind.VARIABLE, key))


@router.put("/{key}")
def set_variable(change: Change, key: Key, wanted: VariableInput) -> VariablePublic:
    """Set one variable and leave the others. The value that it has already makes no new version and no restart."""
    [version] = change.put(Kind.VARIABLE, [Setting(key, wanted.value, wanted.description)])
    return queries.variable(version)


@router.post("", openapi_extra=DOTENV)
def set_variables(change: Change, wanted: Annotated[VariablesInput, Body()]) -> list[VariablePublic]:
    """Set several variables and leave the others: as JSON, or as a dotenv file with `Content-Type: text/plain`."""
    if isinstance(wanted, str):
        settings = [Setting(key, value) for key, value in dotenv_file.parse(wanted).items()]
    else:
        settings = commands.settings(wanted.variables)
    return [queries.variable(version) for version in change.put(Kind.VARIABLE, settings)]


@router.delete("/{key}")
def delete_variable(change: Change, key: Key) -> VariablePublic:
    """Delete one variable and leave the others. Its earlier values can be restored."""
    [version] = change.delete(Kind.VARIABLE, key)
    return queries.variable(version)


@router.get("/{key}/versions")
def list_variable_versions(
    instance: RunningInstance, claims: SignedIn, owner: Owner, name: Name, key: Key
) -> list[VariableVersionPublic]:
    """Newest first."""
    return queries.variable_history(changes.history(instance, claims, owner, name, Kind.VARIABLE, key))


@router.post("/{key}/restore")
def restore_variable(change: Change, key: Key, wanted: RestoreInput) -> VariablePublic:
    """Set the value of an earlier version again, as a new one."""
    [version] = change.restore(Kind.VARIABLE, key, wanted.version)
    return queries.variable(version)
