"""Volumes of a space, edited one by one. The list as a whole is what is staged."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from spaceport import errors
from spaceport.accounts.model import Role
from spaceport.configuration import commands, queries, volumes
from spaceport.configuration.model import Kind
from spaceport.configuration.volumes import Volume
from spaceport.dashboard import forms, space_configuration, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import slot
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces

router = APIRouter()

_FIELDS = ("type", "source", "mount_path", "revision", "path", "read_only")


@router.post("/spaces/{owner}/{name}/volumes")
def send_volume(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    """Mount one more, or another one at a path where one is mounted."""
    typed = form.given(*_FIELDS)
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)
    try:
        volume = forms.parsed(Volume, typed | ({"read_only": True} if "read_only" in typed else {}))
        _stage(instance, request, owner, name, lambda there: [*_without(there, volume.mount_path), volume])
    except errors.SpaceportError as error:
        typed |= {"form": "volumes"}
        return space_configuration.page(instance, request, caller, space, refused=error, typed=typed)
    said = Flash("good", f"{volume.source} is to be mounted at {volume.mount_path}.")
    return space_configuration.back(request, owner, name, said)


@router.post("/spaces/{owner}/{name}/volumes/remove")
def send_remove(instance: RunningInstance, request: Request, owner: Owner, name: Name, form: Sent) -> Response:
    path = form.text("mount_path")
    _stage(instance, request, owner, name, lambda there: _without(there, path))
    said = Flash("good", f"Nothing is to be mounted at {path} any more.", "A bucket keeps what lies in it.")
    return space_configuration.back(request, owner, name, said)


def _stage(
    instance: Instance, request: Request, owner: str, name: str, edit: Callable[[list[Volume]], list[Volume]]
) -> None:
    """Under the lock from reading the list on: of two people who edit it at once, both are heard."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = slot.lock(session, spaces.get(session, caller, owner, name, needs=Role.DEPLOYER).id)
        newest = queries.newest(session, space.id).get((Kind.VOLUMES, volumes.KEY))
        wanted = edit(volumes.wanted(space, newest))
        there = [Volume.model_validate(each) for each in space.volumes]
        if volumes.same(volumes.text(wanted), volumes.text(there)):
            commands.discard(session, caller, space, Kind.VOLUMES)
        else:
            commands.put_volumes(session, caller, space, wanted)


def _without(there: list[Volume], mount_path: str) -> list[Volume]:
    return [each for each in there if each.mount_path != mount_path]
