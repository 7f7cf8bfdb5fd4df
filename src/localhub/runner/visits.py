"""Who may visit an app: everyone, or only those who show a token where the Space is private."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from localhub import credentials
from localhub.runner.front import Request
from localhub.runner.workshop import Workshop
from localhub.spaces.model import Space

PURPOSE = "visit"
COOKIE = "spaces-jwt"
LONGEST = 86_400
"""Seconds a token to visit may hold."""


@dataclass(frozen=True)
class Verdict:
    allowed: bool
    cookie: str = ""
    """To be set, so that what the page loads next is allowed as well."""


def judge(workshop: Workshop, space: Space, request: Request) -> Verdict:
    if space.visibility != "private":
        return Verdict(True)
    signed = parse_qs(urlsplit(request.target).query).get("__sign", [""])[-1]
    if signed and workshop.signer.allows(signed, PURPOSE, space.id):
        return Verdict(True, f"{COOKIE}={signed}; Path=/; HttpOnly; SameSite=Lax; Max-Age={LONGEST}")
    token = credentials.token(request.headers.get("authorization", "")) or ""
    known = (token, _cookie(request))
    return Verdict(any(_holds(workshop, space, one) for one in known if one))


def _holds(workshop: Workshop, space: Space, token: str) -> bool:
    accounts = workshop.config.accounts
    caller = accounts.caller(token)
    if caller:
        return accounts.is_member(caller, space.owner)
    return workshop.signer.allows(token, PURPOSE, space.id)


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
