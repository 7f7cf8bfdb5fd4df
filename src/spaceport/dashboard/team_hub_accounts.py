"""The Hub accounts that a team deploys with: connecting, a new token, disconnecting."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlmodel import Session

from spaceport import errors
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.dashboard import flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Form, Sent
from spaceport.dashboard.teams import TeamId
from spaceport.dashboard.visitor import RunningInstance
from spaceport.hub_accounts import commands
from spaceport.hub_accounts.model import HubAccount, HubAccountCreate
from spaceport.spaces import queries as spaces

router = APIRouter(prefix="/teams/{team_id}/hub-accounts")

HubAccountId = Annotated[str, Path(pattern=r"^hub_[0-9a-z]{26}$")]

_NAMED = 20


@router.post("")
def send_hub_account(instance: RunningInstance, request: Request, team_id: TeamId, form: Sent) -> Response:
    """Store a token, after asking the Hub whose it is."""
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        caller.require(team_id, Role.ADMIN)
    token = _token(form)
    identity = commands.identify(instance, token)
    with instance.database.unit_of_work() as session:
        commands.store(session, instance, caller, team_id, identity, token)
    return flash.redirect(request, f"/teams/{team_id}", Flash("good", f"Connected to the Hub as {identity.name}."))


@router.post("/{account_id}/token")
def send_token(
    instance: RunningInstance, request: Request, team_id: TeamId, account_id: HubAccountId, form: Sent
) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        _of_team(session, caller, team_id, account_id)
    token = _token(form)
    identity = commands.identify(instance, token)
    with instance.database.unit_of_work() as session:
        commands.replace(session, instance, caller, account_id, identity, token)
    said = Flash(
        "good", f"{identity.name} works with the new token from now on.", "The old one may be revoked on the Hub."
    )
    return flash.redirect(request, f"/teams/{team_id}", said)


@router.get("/{account_id}/disconnect")
def disconnect_page(instance: RunningInstance, request: Request, team_id: TeamId, account_id: HubAccountId) -> Response:
    """What it stops. An account that Spaces were managed through stays, as part of their history."""
    with instance.database.unit_of_work() as session:
        account = _of_team(session, visitor.caller(session, request), team_id, account_id)
        here, gone = spaces.through(session, account_id)
    stays = bool(here or gone)
    return render.page(
        request,
        "consequences.html",
        heading=f"{account.name} cannot be disconnected" if stays else f"Disconnect {account.name}?",
        sentences=_stops(account.name, here, gone=gone),
        action="" if stays else f"/teams/{team_id}/hub-accounts/{account_id}/disconnect",
        button="Disconnect",
        back=f"/teams/{team_id}",
    )


@router.post("/{account_id}/disconnect", dependencies=OWN_FORM)
def send_disconnect(instance: RunningInstance, request: Request, team_id: TeamId, account_id: HubAccountId) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        name = _of_team(session, caller, team_id, account_id).name
        commands.remove(session, caller, account_id)
    return flash.redirect(request, f"/teams/{team_id}", Flash("good", f"{name} is disconnected, its token forgotten."))


def _of_team(session: Session, caller: Caller, team_id: str, account_id: str) -> HubAccount:
    """For its admins. Raises NotFound for an account of another team."""
    caller.require(team_id, Role.ADMIN)
    account = commands.get(session, caller, account_id)
    if account.team_id != team_id:
        raise errors.NotFound("No such Hub account in this team.", code="hub_account_not_found")
    return account


def _token(form: Form) -> str:
    return forms.parsed(HubAccountCreate, {"token": form.text("token")}).token.get_secret_value()


def _stops(name: str, here: list[str], *, gone: int) -> list[str]:
    if not here and not gone:
        return ["No Space is managed through it, so nothing stops. Its sealed token is forgotten here."]
    named = ", ".join(here[:_NAMED]) + (f" and {len(here) - _NAMED} more" if len(here) > _NAMED else "")
    managed = [f"Through it {named} would not be deployed, paused or watched any more."] if here else []
    deleted = [f"{gone} that {'was' if gone == 1 else 'were'} deleted here belong to its history."] if gone else []
    stays = f"So {name} stays connected. To take its access away, revoke its token on the Hub."
    return [*managed, *deleted, stays]
