"""Who am I, and may I."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localhub.accounts import Caller, Org, stable_id
from localhub.api import context
from localhub.errors import HubError

ORG_PLANS = {"team", "enterprise", "plus", "academia"}


async def whoami(request: Request) -> Response:
    who = context.caller(request)
    if who.user is None or who.token is None:
        raise HubError(401, "Invalid username or password.")
    accounts = context.hub(request).accounts
    return JSONResponse(
        {
            "type": "user",
            "id": stable_id(who.name),
            "name": who.name,
            "fullname": who.name,
            "email": f"{who.name}@localhost",
            "emailVerified": True,
            "canPay": accounts.can_pay(who.name),
            "isPro": who.user.plan == "pro",
            "periodEnd": None,
            "billingMode": "prepaid",
            "avatarUrl": "/avatar.svg",
            "orgs": [_org(org, who) for org in accounts.orgs_of(who.name)],
            "auth": {
                "type": "access_token",
                "accessToken": {
                    "displayName": who.token.name,
                    "role": who.token.role,
                    "createdAt": "2026-01-01T00:00:00.000Z",
                },
            },
        }
    )


async def auth_check(request: Request) -> Response:
    (context.writable if request.url.path.endswith("/write") else context.readable)(request)
    return JSONResponse({})


def _org(org: Org, who: Caller) -> dict[str, Any]:
    plan = {"plan": org.plan} if org.plan in ORG_PLANS else {}
    return plan | {
        "type": "org",
        "id": stable_id(org.name),
        "name": org.name,
        "fullname": org.name,
        "email": None,
        "avatarUrl": "/avatar.svg",
        "roleInOrg": org.members[who.name],
        "canPay": org.plan != "free",
        "periodEnd": None,
    }


ROUTES = [
    Route("/api/whoami-v2", whoami),
    Route("/api/spaces/{owner}/{name}/auth-check", auth_check),
    Route("/api/spaces/{owner}/{name}/auth-check/write", auth_check),
]
