"""Storing Hub accounts and opening them. A token leaves this module only inside a `Hub`."""

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select, update

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role, Team
from spaceport.db import faults
from spaceport.errors import Conflict, Invalid, NotFound
from spaceport.events.record import record
from spaceport.hub import Hub, Identity
from spaceport.hub_accounts.model import HubAccount
from spaceport.instance import Instance

WRITING_ROLES = frozenset({"write", "god", "fineGrained", "unknown"})


def identify(instance: Instance, token: str) -> Identity:
    """Ask the Hub who this token is, outside any transaction. Raises HubFailure, Invalid `hub_token_reads_only`."""
    identity = Hub(instance.settings.hf_endpoint, token).whoami()
    if identity.role not in WRITING_ROLES:
        raise Invalid(
            f"This token of {identity.name} may only read.",
            code="hub_token_reads_only",
            fix="Make a token with write access, or a fine-grained one that may write to your Spaces.",
        )
    return identity


def store(
    session: Session, instance: Instance, caller: Caller, team_id: str, identity: Identity, token: str
) -> HubAccount:
    """Store a token sealed; the same Hub user in the same team is updated, so that a new token replaces the old."""
    caller.require(team_id, Role.ADMIN)
    account = _find(session, instance, team_id, identity.name, "stored")
    _copy(account, identity)
    account.sealed_token = instance.sealer.seal(token, context=context(account))
    session.add(account)
    record(session, "hub_account.stored", team_id=team_id, actor=caller.user_id, name=account.name, id=account.id)
    return account


def replace(
    session: Session, instance: Instance, caller: Caller, account_id: str, identity: Identity, token: str
) -> HubAccount:
    """A new token of the same Hub user. Raises Invalid `hub_token_of_another`."""
    account = get(session, caller, account_id)
    if identity.name != account.name:
        raise Invalid(
            f"This token is of {identity.name}, and the account is {account.name}.",
            code="hub_token_of_another",
            fix=f"Make a token as {account.name}, or connect {identity.name} as another account.",
        )
    return store(session, instance, caller, account.team_id, identity, token)


def adopt_environment(instance: Instance, caller: Caller) -> None:
    """Give the account of HF_TOKEN to the oldest team: whoever runs the instance registers first.

    Does nothing for callers of other teams. Raises HubFailure when the Hub does not accept the token or does
    not answer.
    """
    token = instance.settings.hf_token
    if token is None:
        return
    with instance.database.unit_of_work() as session:
        known = session.exec(select(HubAccount.id).where(HubAccount.origin == "environment")).first()
        team_id = session.exec(select(Team.id).order_by(col(Team.id)).limit(1)).first()
    if known is not None or team_id is None or team_id not in caller.teams:
        return
    identity = identify(instance, token.get_secret_value())
    with instance.database.unit_of_work() as session:
        account = _find(session, instance, team_id, identity.name, "environment")
        _copy(account, identity)
        session.add(account)


def listed(session: Session, caller: Caller) -> list[HubAccount]:
    mine = select(HubAccount).where(col(HubAccount.team_id).in_(caller.team_ids()))
    return list(session.exec(mine.order_by(HubAccount.id)))


def get(session: Session, caller: Caller, account_id: str) -> HubAccount:
    account = session.get(HubAccount, account_id)
    if account is None or account.team_id not in caller.teams:
        raise NotFound("No such Hub account in your teams.", code="hub_account_not_found")
    return account


def remove(session: Session, caller: Caller, account_id: str) -> None:
    """Raises Conflict `hub_account_in_use` for one that spaces were ever managed through."""
    account = get(session, caller, account_id)
    caller.require(account.team_id, Role.ADMIN)
    # After a refused flush the session answers nothing any more, not even a name.
    team_id, name = account.team_id, account.name
    session.delete(account)
    try:
        session.flush()
    except DBAPIError as error:
        if faults.sqlstate(error) != faults.FOREIGN_KEY_VIOLATION:
            raise
        raise Conflict(
            f"Spaces were managed through the Hub account {name}.",
            code="hub_account_in_use",
            fix="Store a new token for it instead; the record stays as part of the spaces' history.",
        ) from error
    record(session, "hub_account.removed", team_id=team_id, actor=caller.user_id, name=name)


def forget_tokens(session: Session, team_id: str) -> None:
    """Of a team that ends. The accounts stay as part of the history of what was done through them."""
    session.exec(update(HubAccount).where(col(HubAccount.team_id) == team_id).values(sealed_token=None))


def any_of(session: Session, caller: Caller, account_id: str | None) -> HubAccount:
    """The named account, or any of the caller's: for what the Hub tells everybody. Raises Invalid `no_hub_account`."""
    accounts = [get(session, caller, account_id)] if account_id is not None else listed(session, caller)
    if not accounts:
        raise _no_account()
    return accounts[0]


def choose(session: Session, caller: Caller, account_id: str | None, team_id: str | None) -> HubAccount:
    """The named account, or the team's only one. Raises Invalid with what to do when there is none or a choice."""
    if account_id is not None:
        return get(session, caller, account_id)
    accounts = [a for a in listed(session, caller) if team_id is None or a.team_id == team_id]
    # The environment's is a default: one that the team stored itself goes before it.
    accounts = [a for a in accounts if a.origin == "stored"] or accounts
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise _no_account()
    raise Invalid(
        "Your teams have several Hub accounts.",
        code="hub_account_ambiguous",
        fix=f"Name one as hub_account_id: {', '.join(a.id for a in accounts[:5])}.",
    )


def connect(session: Session, instance: Instance, account_id: str) -> Hub:
    """A Hub that acts as this account."""
    account = session.get_one(HubAccount, account_id)
    meter = instance.budgets.of(account.id)
    if account.sealed_token is not None:
        return Hub(account.endpoint, instance.sealer.open(account.sealed_token, context=context(account)), meter)
    if account.origin != "environment" or instance.settings.hf_token is None:
        raise Invalid(
            f"The Hub account {account.name} has no token any more.",
            code="no_environment_token",
            fix="Set HF_TOKEN again, or store a token with POST /api/v1/hub-accounts.",
        )
    return Hub(account.endpoint, instance.settings.hf_token.get_secret_value(), meter)


def context(account: HubAccount) -> str:
    """What the sealed token of an account is bound to."""
    return f"hub_account:{account.id}"


def _no_account() -> Invalid:
    return Invalid(
        "Your team has no Hub account yet.",
        code="no_hub_account",
        fix="Store a Hub token with POST /api/v1/hub-accounts, or set HF_TOKEN for the whole instance.",
    )


def _find(session: Session, instance: Instance, team_id: str, name: str, origin: str) -> HubAccount:
    # Two that store the same account at once must not both find none.
    session.exec(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True)).one()
    endpoint = instance.settings.hf_endpoint
    same = select(HubAccount).where(
        HubAccount.team_id == team_id,
        HubAccount.endpoint == endpoint,
        HubAccount.name == name,
        HubAccount.origin == origin,
    )
    return session.exec(same).first() or HubAccount(
        team_id=team_id, endpoint=endpoint, origin=origin, name=name, plan="", token_role=""
    )


def _copy(account: HubAccount, identity: Identity) -> None:
    account.name, account.plan, account.token_role = identity.name, identity.plan, identity.role
    account.organizations = list(identity.organizations)
    account.checked_at = clock.now()
