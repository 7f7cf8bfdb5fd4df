"""One act on many spaces, with a result for each: what fails for one is done for the others."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import commands
from spaceport.configuration.inputs import Apply, VariableEntries
from spaceport.configuration.model import Kind
from spaceport.deployments import ask, lifecycle
from spaceport.deployments.model import DeploymentCreate
from spaceport.deployments.reconfigure import Reconfiguration
from spaceport.errors import SpaceportError
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import NAME_PATTERN

MOST_SPACES = 100
# Enough that a hundred are done within a minute, few enough that other requests find a connection.
_AT_ONCE = 4
_NAME = NAME_PATTERN.strip("^$")
_ADDRESS = f"^{_NAME}/{_NAME}$"

log = structlog.get_logger()


class _Selection(BaseModel):
    model_config = ConfigDict(extra="forbid")

    spaces: list[Annotated[str, StringConstraints(pattern=_ADDRESS, max_length=193)]] = Field(
        min_length=1, max_length=MOST_SPACES, description="owner/name of each.", examples=[["acme/demo"]]
    )

    @field_validator("spaces")
    @classmethod
    def _no_space_twice(cls, spaces: list[str]) -> list[str]:
        if len({space.lower() for space in spaces}) < len(spaces):
            raise ValueError("names a space twice")
        return spaces


class BulkDeploy(_Selection):
    """Of each its own source, in its newest revision."""

    action: Literal["deploy"]


class BulkPause(_Selection):
    action: Literal["pause"]


class BulkRestart(_Selection):
    action: Literal["restart"]
    factory_reboot: bool = False


class BulkVariables(_Selection, VariableEntries):
    """Upsert, not replace; what else is staged of a space goes along, as always."""

    action: Literal["set_variables"]
    apply: Apply = Apply.NOW


AnyAct = BulkDeploy | BulkPause | BulkRestart | BulkVariables
BulkAct = Annotated[AnyAct, Field(discriminator="action")]


class BulkResult(BaseModel):
    """`code`, `detail` and `fix` say why it was not done; they are null where it was. `deployment_id` is what began."""

    space: str
    done: bool
    code: str | None = None
    detail: str | None = None
    fix: str | None = None
    deployment_id: str | None = None


def act(instance: Instance, caller: Caller, wanted: AnyAct, *, trigger: str = "api") -> list[BulkResult]:
    """In the order of the selection."""
    do = _verb(instance, caller, wanted, trigger)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bulk") as threads:
        return list(threads.map(lambda space: _result(space, do), wanted.spaces))


def _verb(instance: Instance, caller: Caller, wanted: AnyAct, trigger: str) -> Callable[[str, str], object]:
    match wanted:
        case BulkDeploy():
            return lambda owner, name: _deploy(instance, caller, owner, name, trigger)
        case BulkPause():
            return lambda owner, name: lifecycle.pause(instance, caller, owner, name)
        case BulkRestart(factory_reboot=factory):
            return lambda owner, name: lifecycle.restart(instance, caller, owner, name, factory=factory)
        case BulkVariables(apply=when):
            settings = commands.settings(wanted.variables)
            return lambda owner, name: Reconfiguration(instance, caller, owner, name, when).put(Kind.VARIABLE, settings)


def _deploy(instance: Instance, caller: Caller, owner: str, name: str, trigger: str) -> str:
    """The id of the deployment."""
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
        return ask.deploy(session, instance, caller, space, DeploymentCreate(), trigger=trigger).id


def _result(space: str, do: Callable[[str, str], object]) -> BulkResult:
    owner, _, name = space.partition("/")
    try:
        outcome = do(owner, name)
    except SpaceportError as error:
        return BulkResult(space=space, done=False, code=error.code, detail=error.message, fix=error.fix)
    except Exception:
        log.exception("bulk.failed", space=space)
        fix = "Try this space by itself. If it stays, give its name to whoever runs this instance."
        return BulkResult(space=space, done=False, code="internal", detail="Something went wrong on our side.", fix=fix)
    return BulkResult(space=space, done=True, deployment_id=outcome if isinstance(outcome, str) else None)
