"""Registering, signing in and out, and the account of who is signed in."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import BaseModel, Field

from spaceport import errors
from spaceport.accounts import queries, registration, sign_in
from spaceport.accounts.model import Account, Input, PasswordChange, Registration, SessionPublic
from spaceport.accounts.tokens import LIFETIME
from spaceport.api.caller import RunningInstance, SignedIn
from spaceport.instance import Instance

router = APIRouter(prefix="/api/v1", tags=["accounts"])

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9a-z]{26}$")]


class TokenPair(BaseModel):
    """As RFC 6749 names them. `expires_in` is in seconds. A refresh token works once."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105
    expires_in: int = int(LIFETIME.total_seconds())
    refresh_token: str


class TokenRequest(BaseModel):
    """The form of RFC 6749, sections 4.3 and 6. Other fields that clients send with it are not looked at."""

    grant_type: str = Field("password", max_length=64)
    username: str = Field("", max_length=320, description="The e-mail address.")
    password: str = Field("", max_length=1024, json_schema_extra={"format": "password"}, repr=False)
    refresh_token: str = Field("", max_length=1024, repr=False)


class RefreshRequest(Input):
    refresh_token: str = Field(max_length=1024, repr=False)


@router.post("/auth/register", status_code=201)
def register(instance: RunningInstance, wanted: Registration) -> Account:
    """Makes a user and their personal team. 409 `email_taken` when the address has an account."""
    with instance.database.unit_of_work() as session:
        return registration.register(session, wanted)


@router.post("/auth/token")
def issue_token(
    instance: RunningInstance, request: Request, response: Response, form: Annotated[TokenRequest, Form()]
) -> TokenPair:
    """OAuth2: `grant_type=password` signs in, `grant_type=refresh_token` renews the pair.

    Five attempts per minute for one account from one address, then 429 with `Retry-After`. Refusals carry the
    OAuth2 `error` next to the members of every problem.
    """
    if form.grant_type == "password":
        return _answer(response, _with_password(instance, request, form))
    if form.grant_type == "refresh_token":
        return _answer(response, _refreshed(instance, form.refresh_token))
    raise errors.Invalid(
        "The grant type must be password or refresh_token.",
        code="grant_type_unsupported",
        error="unsupported_grant_type",
    )


@router.post("/auth/refresh")
def refresh_token(instance: RunningInstance, response: Response, wanted: RefreshRequest) -> TokenPair:
    """The same as `grant_type=refresh_token`, in JSON. A refresh token used twice ends its session."""
    return _answer(response, _refreshed(instance, wanted.refresh_token))


@router.post("/auth/logout", status_code=204)
def sign_out(instance: RunningInstance, claims: SignedIn) -> None:
    """Ends the session: its refresh token and its access tokens are refused from now on."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        sign_in.sign_out(session, user_id=caller.user_id, session_id=caller.session_id)


@router.post("/auth/logout-others", status_code=204)
def sign_out_others(instance: RunningInstance, claims: SignedIn) -> None:
    """Ends every session of this user but the one that asks, those of browsers among them."""
    with instance.database.unit_of_work() as session:
        sign_in.sign_out_others(session, queries.caller(session, claims))


@router.post("/auth/password", status_code=204)
def change_password(instance: RunningInstance, request: Request, claims: SignedIn, wanted: PasswordChange) -> None:
    """Every other session of this user ends. 403 `password_wrong` for another one than the present password."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        refused = sign_in.change_password(session, caller, wanted, client=_client(request))
    if refused is not None:
        raise refused


@router.get("/me")
def read_me(instance: RunningInstance, claims: SignedIn) -> Account:
    """Who is signed in, and their teams with the role in each."""
    with instance.database.unit_of_work() as session:
        return queries.account(session, queries.caller(session, claims))


@router.get("/me/sessions")
def list_sessions(instance: RunningInstance, claims: SignedIn) -> list[SessionPublic]:
    """Where this user is signed in."""
    with instance.database.unit_of_work() as session:
        return queries.sessions(session, queries.caller(session, claims))


@router.delete("/me/sessions/{session_id}", status_code=204)
def end_session(instance: RunningInstance, claims: SignedIn, session_id: SessionId) -> None:
    """Signs out elsewhere."""
    with instance.database.unit_of_work() as session:
        caller = queries.caller(session, claims)
        sign_in.sign_out(session, user_id=caller.user_id, session_id=session_id)


def _with_password(instance: Instance, request: Request, form: TokenRequest) -> sign_in.SignedIn | errors.Unauthorized:
    with instance.database.unit_of_work() as session:
        return sign_in.with_password(
            session, instance.access_tokens, email=form.username, password=form.password, client=_client(request)
        )


def _refreshed(instance: Instance, token: str) -> sign_in.SignedIn | errors.Unauthorized:
    with instance.database.unit_of_work() as session:
        return sign_in.refresh(session, instance.access_tokens, token)


def _answer(response: Response, outcome: sign_in.SignedIn | errors.Unauthorized) -> TokenPair:
    if isinstance(outcome, errors.Unauthorized):
        raise outcome
    response.headers["Cache-Control"] = "no-store"
    return TokenPair(access_token=outcome.access_token, refresh_token=outcome.refresh_token)


def _client(request: Request) -> sign_in.Client:
    return sign_in.Client(
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
    )
