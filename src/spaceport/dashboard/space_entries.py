"""Secrets and variables one by one, and many at once. Everything is staged; the page of the space applies it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import dotenv_file, queries
from spaceport.configuration.commands import Setting, settings
from spaceport.configuration.inputs import KEY_PATTERN, Apply, RestoreInput, SecretEntry, VariableEntry
from spaceport.configuration.model import Kind
from spaceport.dashboard import forms, render, space_configuration, space_frame, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import Form
from spaceport.dashboard.space_configuration import KINDS, Plural
from spaceport.dashboard.space_frame import Name, Owner, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments.reconfigure import Reconfiguration
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.spaces.model import Space

router = APIRouter()

Key = Annotated[str, Path(pattern=KEY_PATTERN, max_length=256)]

_AT = "/spaces/{owner}/{name}/configuration/{plural}"
_LONGEST_FILE = 1024 * 1024
_WAITS = "It waits for the next deployment, or until you apply it."


@router.post(_AT)
def send_entry(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, plural: Plural, form: Sent
) -> Response:
    """Add one, or change one that is there."""
    kind = KINDS[plural]
    caller, space = _changing(instance, request, owner, name)
    typed = {"form": plural, "key": form.text("key"), "description": form.text("description")}
    if kind is Kind.VARIABLE:
        typed["value"] = form.lines("value")
    try:
        [version] = _staging(instance, caller, space).put(kind, [_setting(kind, form)])
    except errors.SpaceportError as error:
        return space_configuration.page(instance, request, caller, space, refused=error, typed=typed)
    said = Flash("good", f"{version.key} has this value already.")
    if version.staged:
        said = Flash("good", f"The change of {version.key} is staged.", _WAITS)
    return space_configuration.back(request, owner, name, said)


@router.post(_AT + "/dotenv")
def send_dotenv(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, plural: Plural, form: Sent
) -> Response:
    """Many at once, from a text or a file. Keys that are not in it are left as they are."""
    caller, space = _changing(instance, request, owner, name)
    kind, text = KINDS[plural], form.lines("text")
    try:
        wanted = [Setting(key, value) for key, value in dotenv_file.parse(text or _file(form)).items()]
        made = [version for version in _staging(instance, caller, space).put(kind, wanted) if version.staged]
    except errors.SpaceportError as error:
        typed = {"form": f"{plural}-dotenv"} | ({"text": text} if kind is Kind.VARIABLE else {})
        return space_configuration.page(instance, request, caller, space, refused=error, typed=typed)
    said = Flash("good", f"{len(made)} of {len(wanted)} keys wait to be set; the others have these values already.")
    return space_configuration.back(request, owner, name, said)


@router.get(_AT + "/{key}")
def entry_page(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, plural: Plural, key: Key
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        space = spaces.get(session, caller, owner, name)
    return _entry(instance, request, caller, space, plural, key)


@router.post(_AT + "/{key}/delete")
def send_delete(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, plural: Plural, key: Key, form: Sent
) -> Response:
    caller, space = _changing(instance, request, owner, name)
    if KINDS[plural] is Kind.SECRET and form.text("confirm") != key:
        refused = errors.Invalid(f"{key} was not deleted: type its name to confirm.", code="confirmation_needed")
        return _entry(instance, request, caller, space, plural, key, refused=refused)
    _staging(instance, caller, space).delete(KINDS[plural], key)
    said = Flash("good", f"The deletion of {key} is staged.", _WAITS)
    return space_configuration.back(request, owner, name, said)


@router.post(_AT + "/{key}/restore")
def send_restore(
    instance: RunningInstance, request: Request, owner: Owner, name: Name, plural: Plural, key: Key, form: Sent
) -> Response:
    caller, space = _changing(instance, request, owner, name)
    number = forms.parsed(RestoreInput, {"version": form.text("version")}).version
    _staging(instance, caller, space).restore(KINDS[plural], key, number)
    said = Flash("good", f"Version {number} of {key} is staged as the newest one.", _WAITS)
    return space_configuration.back(request, owner, name, said)


def _changing(instance: Instance, request: Request, owner: str, name: str) -> tuple[Caller, Space]:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        return caller, spaces.get(session, caller, owner, name, needs=Role.DEPLOYER)


def _staging(instance: Instance, caller: Caller, space: Space) -> Reconfiguration:
    return Reconfiguration(instance, caller, space.owner, space.name, Apply.NEXT_DEPLOYMENT)


def _setting(kind: Kind, form: Form) -> Setting:
    """Where the present description was shown, an empty one takes it away; elsewhere it stays."""
    description = form.text("description")
    shown: dict[str, Any] = {"description": description} if description or form.text("shown") else {}
    values = {"key": form.text("key"), "value": form.lines("value")} | shown
    if kind is Kind.SECRET:
        return settings([forms.parsed(SecretEntry, values)])[0]
    return settings([forms.parsed(VariableEntry, values)])[0]


def _file(form: Form) -> str:
    """Raises Invalid. No complaint repeats what stands in it."""
    file = form.file("file")
    content = file.file.read(_LONGEST_FILE + 1) if file else b""
    if not content:
        raise errors.Invalid(
            "Neither a text nor a file was given.", code="dotenv_invalid", fix="Paste one, or choose a file."
        )
    if len(content) > _LONGEST_FILE:
        raise errors.Invalid("A dotenv file has at most 1 MB.", code="dotenv_invalid")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise errors.Invalid("This file is no text in UTF-8.", code="dotenv_invalid") from None


def _entry(
    instance: Instance,
    request: Request,
    caller: Caller,
    space: Space,
    plural: Plural,
    key: str,
    *,
    refused: errors.SpaceportError | None = None,
) -> Response:
    with instance.database.unit_of_work() as session:
        found = queries.versions(session, space.id, KINDS[plural], key)
    return render.page(
        request,
        "space_entry.html",
        refused=refused,
        plural=plural,
        entry=next((version for version in found if not version.discarded), None),
        key=key,
        history=queries.variable_history(found) if plural == "variables" else queries.secret_history(found),
        **space_frame.context(caller, space, "configuration"),
    )
