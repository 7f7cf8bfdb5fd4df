"""Signing up, in and out, and the theme."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from spaceport import errors
from spaceport.accounts import browser_sessions, passwords, registration, sign_in
from spaceport.accounts.model import Registration
from spaceport.dashboard import cookies, flash, forms, render, visitor
from spaceport.dashboard.flash import Flash
from spaceport.dashboard.forms import OWN_FORM, Form
from spaceport.dashboard.visitor import RunningInstance
from spaceport.instance import Instance

router = APIRouter()

Sent = Annotated[Form, Depends(forms.sent)]

_LIMITS: dict[str, Any] = {"password_characters": passwords.MIN_CHARACTERS}


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return render.page(request, "sign_in.html", values={"next": next})


@router.post("/sign-in")
def send_sign_in(instance: RunningInstance, request: Request, form: Sent) -> Response:
    try:
        cookie = _begin(instance, request, form)
    except errors.SpaceportError as error:
        values = form.given("email", "next")
        return render.page(request, "sign_in.html", refused=error, values=values)
    return _signed_in(request, cookie, to=_within(form.text("next")))


@router.get("/sign-up")
def sign_up_page(request: Request) -> Response:
    return render.page(request, "sign_up.html", values={}, **_LIMITS)


@router.post("/sign-up")
def send_sign_up(instance: RunningInstance, request: Request, form: Sent) -> Response:
    values = form.given("email", "name")
    try:
        wanted = forms.parsed(Registration, values | {"password": form.exact("password")})
        with instance.database.unit_of_work() as session:
            registration.register(session, wanted)
        cookie = _begin(instance, request, form)
    except errors.SpaceportError as error:
        return render.page(request, "sign_up.html", refused=error, values=values, **_LIMITS)
    return _signed_in(request, cookie, to="/")


@router.post("/sign-out", dependencies=OWN_FORM)
def send_sign_out(instance: RunningInstance, request: Request) -> Response:
    with instance.database.unit_of_work() as session:
        caller = visitor.caller(session, request)
        sign_in.sign_out(session, user_id=caller.user_id, session_id=caller.session_id)
    response = flash.redirect(request, "/sign-in", Flash("good", "You are signed out."))
    cookies.forget(request, response, cookies.SESSION)
    return response


@router.post("/theme")
async def send_theme(request: Request, form: Sent) -> Response:
    """Light, dark, or with anything else what the system has."""
    response = flash.redirect(request, _within(form.text("next")))
    theme = form.text("theme")
    seconds = cookies.YEAR if theme in {"light", "dark"} else 0
    cookies.write(request, response, cookies.THEME, theme if seconds else "", seconds=seconds)
    return response


def _begin(instance: Instance, request: Request, form: Form) -> str:
    with instance.database.unit_of_work() as session:
        outcome = browser_sessions.begin(
            session, email=form.text("email"), password=form.exact("password"), client=visitor.client(request)
        )
    if isinstance(outcome, errors.Unauthorized):
        raise outcome
    return outcome


def _signed_in(request: Request, cookie: str, *, to: str) -> Response:
    response = flash.redirect(request, to)
    cookies.write(request, response, cookies.SESSION, cookie, seconds=cookies.MONTH)
    return response


def _within(address: str) -> str:
    """A path on this host: anything else would send people from our sign-in to another site."""
    is_path = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_path and "\\" not in address else "/"
