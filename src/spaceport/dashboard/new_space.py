"""From nothing to a first deployment: connect a Hub account, say where the code comes from, deploy."""

import contextlib
import io
import tarfile
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from spaceport import errors, example
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.configuration import creation
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import Form, Sent
from spaceport.dashboard.visitor import RunningInstance
from spaceport.deployments import ask
from spaceport.deployments.model import DeploymentCreate
from spaceport.hub import HubFailure
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.hub_accounts.model import HubAccount, HubAccountCreate
from spaceport.instance import Instance
from spaceport.spaces.model import Sdk, SpaceCreate, Visibility
from spaceport.uploads import commands as uploads

router = APIRouter()

# The well-known account of a local Hub, good for nothing else.
LOCAL_TOKEN = "hf_local"  # noqa: S105
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@router.get("/spaces/new")
def new_space_page(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    return start(instance, request, caller, template="new_space.html")


@router.post("/hub-accounts")
def send_hub_account(instance: RunningInstance, request: Request, form: Sent) -> Response:
    """Store a token, after asking the Hub whose it is."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(caller.default_team_id, Role.ADMIN)
    token = forms.parsed(HubAccountCreate, {"token": form.text("token")}).token.get_secret_value()
    identity = hub_accounts.identify(instance, token)
    with instance.database.unit_of_work() as session:
        hub_accounts.store(session, instance, caller, caller.default_team_id, identity, token)
    to = "/" if form.text("next") == "/" else "/spaces/new"
    return flash.redirect(request, to, Flash("good", f"Connected to the Hub as {identity.name}."))


@router.post("/spaces/new")
def send_space(instance: RunningInstance, request: Request, form: Sent) -> Response:
    """The example, or a Git repository."""
    return _created(instance, request, form, None)


@router.post("/spaces/uploads")
def send_space_with_archive(instance: RunningInstance, request: Request, form: Sent) -> Response:
    file = form.file("archive")
    return _created(instance, request, form, file.file if file else None)


def start(
    instance: Instance,
    request: Request,
    caller: Caller,
    *,
    template: str,
    refused: errors.SpaceportError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    """Where somebody stands on the way to a first app, with the form of the next step."""
    with contextlib.suppress(HubFailure):
        hub_accounts.adopt_environment(instance, caller)
    with instance.database.unit_of_work() as session:
        accounts = hub_accounts.listed(session, caller)
    return render.page(
        request,
        template,
        refused=refused,
        owners=_owners(accounts),
        local=urlsplit(instance.settings.hf_endpoint).hostname in _LOOPBACK,
        local_token=LOCAL_TOKEN,
        hub=instance.settings.hf_endpoint,
        values=values or {"source": "example", "name": "hello"},
        sdks=Sdk,
        visibilities=Visibility,
    )


def _created(instance: Instance, request: Request, form: Form, archive: BinaryIO | None) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
    values = form.given("source", "place", "name", "url", "ref", "folder", "sdk", "visibility", "adopt")
    try:
        wanted = _wanted(instance, caller, values, archive)
        created = creation.create(instance, caller, wanted)
    except errors.SpaceportError as error:
        return start(instance, request, caller, template="new_space.html", refused=error, values=values)
    with instance.database.unit_of_work() as session:
        deployment = ask.deploy(session, instance, caller, created, DeploymentCreate(), trigger="dashboard")
    return flash.redirect(request, f"/deployments/{deployment.id}")


def _wanted(instance: Instance, caller: Caller, values: dict[str, str], archive: BinaryIO | None) -> SpaceCreate:
    account_id, _, owner = values.get("place", "").partition("/")
    example = values.get("source") == "example"
    fields: dict[str, Any] = {
        "owner": owner,
        "name": values.get("name", ""),
        "hub_account_id": account_id or None,
        "adopt": "adopt" in values,
        "sdk": "docker" if example else values.get("sdk", "docker"),
        "visibility": values.get("visibility", "private"),
    }
    # Everything that a person can get wrong is said before an archive is kept.
    forms.parsed(SpaceCreate, fields)
    fields["source"] = _source(instance, caller, account_id, values, archive)
    return forms.parsed(SpaceCreate, fields)


def _source(
    instance: Instance, caller: Caller, account_id: str, values: dict[str, str], archive: BinaryIO | None
) -> dict[str, Any]:
    if values.get("source") == "git":
        return {
            "kind": "git",
            "url": values.get("url", ""),
            "ref": values.get("ref"),
            "folder": values.get("folder", ""),
        }
    if values.get("source") == "example":
        archive = _example()
    if archive is None:
        raise errors.Invalid("No archive was chosen.", code="no_archive", fix="Choose a .tar.gz or .zip file.")
    with instance.database.unit_of_work() as session:
        team_id = hub_accounts.get(session, caller, account_id).team_id
        caller.require(team_id, Role.ADMIN)
        return {"kind": "upload", "upload_id": uploads.keep(session, team_id, archive, actor=caller.user_id).id}


def _example() -> BinaryIO:
    """A small web app in Docker as an archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path in sorted(example.FOLDER.iterdir()):
            if path.is_file():
                tar.add(path, arcname=path.name)
    packed.seek(0)
    return packed


def _owners(accounts: list[HubAccount]) -> list[tuple[str, str]]:
    """What a new Space can be put under: `<account>/<owner>`, and its name."""
    return [
        (f"{account.id}/{name}", name)
        for account in accounts
        for name in (account.name, *(organization["name"] for organization in account.organizations))
    ]
