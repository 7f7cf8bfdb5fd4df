"""How one localhub is set up."""

from dataclasses import dataclass, field
from pathlib import Path

from localhub.accounts import Accounts, Token, User

PLAN_QUOTAS = {
    "anonymous": {"api": 500, "resolvers": 3_000, "pages": 100},
    "free": {"api": 1_000, "resolvers": 5_000, "pages": 200},
    "pro": {"api": 2_500, "resolvers": 12_000, "pages": 400},
    "team": {"api": 3_000, "resolvers": 20_000, "pages": 400},
    "academia": {"api": 3_000, "resolvers": 20_000, "pages": 400},
    "enterprise": {"api": 6_000, "resolvers": 50_000, "pages": 600},
    "plus": {"api": 10_000, "resolvers": 100_000, "pages": 1_000},
}
"""Requests per window, as the Hub published them in September 2025."""


OWNER, TOKEN = "local", "hf_local"


def default_accounts() -> Accounts:
    return Accounts([User(OWNER)], [], {TOKEN: Token(OWNER)})


@dataclass(frozen=True)
class Config:
    data: Path
    host: str = "127.0.0.1"
    accounts: Accounts = field(default_factory=default_accounts)
    admin: bool = False
    docker: str = "auto"
    """`auto`: a Docker engine where one answers. `never`: always read the Dockerfile."""
    startup_timeout: float = 1800
    """Seconds an app may take to listen, unless its README says otherwise."""
    build_timeout: float = 3600
    builds_at_once: int = 2
    stub: bool = False
    """Whether docker and gradio Spaces are only pretended: stages, logs and an address, but nothing built or run."""
    lfs_over: int | None = None
    """Bytes above which a file is asked for as a large one; None asks for every file in the commit itself."""
    idle_timeout: int = 172_800
    """Seconds without a visit after which cpu-basic sleeps."""
    api_quota: int | None = None
    """Overrides every plan's quota of API calls per window."""
    rate_window: int = 300
    keep_alive: float = 20
    """Seconds between keep-alives of a log stream. Above 5: a client that does not follow gives up after 5."""
