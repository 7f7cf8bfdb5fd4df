"""Cookies of the dashboard, alone in a tab and inside the Hub's page, which shows a Space in an iframe.

Alone: `SameSite=Lax`. In an iframe of another site a browser sends only `SameSite=None; Secure` cookies, and keeps
them only when they are `Partitioned`, that is, valid below that one outer page. Which of the two it is, the browser
says with `Sec-Fetch-Dest: iframe`; it says so only over https or to this machine, where `Secure` cookies work.
"""

from starlette.requests import Request
from starlette.responses import Response

SESSION = "spaceport_session"
FLASH = "spaceport_flash"
THEME = "spaceport_theme"
# As long as the session behind it lives without being used.
MONTH = 30 * 24 * 3600
YEAR = 365 * 24 * 3600


def read(request: Request, name: str) -> str | None:
    """The `__Host-` one where there is one: no other host can have set that. Over https nothing else counts."""
    sure = request.cookies.get(f"__Host-{name}")
    return sure if sure is not None or over_https(request) else request.cookies.get(name)


def write(request: Request, response: Response, name: str, value: str, *, seconds: int) -> None:
    framed = embedded(request)
    secure = framed or over_https(request)
    response.set_cookie(
        f"__Host-{name}" if secure else name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        secure=secure,
        samesite="none" if framed else "lax",
    )
    if framed:
        # Python's own cookies know the attribute from 3.14 on only.
        name_, cookie = response.raw_headers[-1]
        response.raw_headers[-1] = (name_, cookie + b"; Partitioned")


def forget(request: Request, response: Response, name: str) -> None:
    write(request, response, name, "", seconds=0)


def embedded(request: Request) -> bool:
    return request.headers.get("sec-fetch-dest") in {"iframe", "frame"}


def over_https(request: Request) -> bool:
    """Also behind a proxy that ends TLS. Whoever lies here spoils only their own cookie."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return (forwarded or request.url.scheme) == "https"
