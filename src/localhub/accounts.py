"""Who may call: users, organizations, plans and tokens, all given at start."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

PAID_PLANS = {"pro", "team", "enterprise", "plus", "academia"}
USER_PLANS = {"free", "pro", "team", "enterprise", "plus", "academia"}
"""What a user may be on. Of organizations: all but pro."""
ROLES = {"admin", "write", "contributor", "read"}
WRITERS = {"admin", "write", "contributor"}
TOKEN_ROLES = {"read", "write"}


def stable_id(name: str) -> str:
    """24 hexadecimal digits, as the Hub's ids are."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class User:
    name: str
    plan: str = "pro"


@dataclass(frozen=True)
class Org:
    name: str
    plan: str = "team"
    members: dict[str, str] = field(default_factory=dict)
    """User name to role: admin, write, contributor or read."""


@dataclass(frozen=True)
class Token:
    user: str
    role: str = "write"
    name: str = "default"


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request. Anonymous when `user` is None."""

    user: User | None
    token: Token | None

    @property
    def name(self) -> str:
        return self.user.name if self.user else ""


ANONYMOUS = Caller(None, None)


class Accounts:
    def __init__(self, users: Iterable[User], orgs: Iterable[Org], tokens: dict[str, Token]) -> None:
        self.users = {user.name: user for user in users}
        self.orgs = {org.name: org for org in orgs}
        # Keyed by digest: the lookup's timing then says nothing about how much of a guess was right.
        self._tokens = {_digest(secret): token for secret, token in tokens.items()}

    def caller(self, secret: str) -> Caller | None:
        """The owner of a token, or None when nobody has it."""
        token = self._tokens.get(_digest(secret))
        return Caller(self.users[token.user], token) if token else None

    def plan(self, namespace: str) -> str:
        owner = self.orgs.get(namespace) or self.users.get(namespace)
        return owner.plan if owner else "free"

    def can_pay(self, namespace: str) -> bool:
        return self.plan(namespace) in PAID_PLANS

    def orgs_of(self, name: str) -> list[Org]:
        return [org for org in self.orgs.values() if name in org.members]

    def is_member(self, caller: Caller, namespace: str) -> bool:
        org = self.orgs.get(namespace)
        return bool(caller.name) and (caller.name == namespace or (org is not None and caller.name in org.members))

    def may_write(self, caller: Caller, namespace: str) -> bool:
        if caller.token is None or caller.token.role == "read":
            return False
        org = self.orgs.get(namespace)
        return caller.name == namespace or (org is not None and org.members.get(caller.name) in WRITERS)

    def may_change(self, caller: Caller, owner: str, creator: str) -> bool:
        """What is there already. `creator` is the `stable_id` of who made it: a contributor changes nothing else."""
        org = self.orgs.get(owner)
        contributor = org is not None and org.members.get(caller.name) == "contributor"
        return self.may_write(caller, owner) and (not contributor or creator == stable_id(caller.name))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
