"""Giving a space's repository its hook: here, and on the host too where a token for that was sent."""

from dataclasses import dataclass, field

from sqlmodel import Session

from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.instance import Instance
from spaceport.spaces import queries as spaces
from spaceport.webhooks import hooks, installing, steps
from spaceport.webhooks.model import Hook, HookCreate


@dataclass(frozen=True, slots=True)
class Issued:
    """`secret` is shown now and never again; None for a hook that was there already."""

    hook: Hook
    url: str
    secret: str | None = field(repr=False)

    @property
    def steps(self) -> list[str]:
        """What to do on the host by hand."""
        return steps.steps(self.hook.provider, repository=self.hook.repository, url=self.url)


def create(instance: Instance, caller: Caller, owner: str, name: str, wanted: HookCreate, base_url: str) -> Issued:
    """The hook of the space's repository, new or not, installed on the host where a token says so.

    Raises what `hooks.create` and `installing.install` raise; after the second the hook is there all the same.
    """
    with instance.database.unit_of_work() as session:
        space = spaces.get(session, caller, owner, name, needs=Role.ADMIN)
        provider = hooks.provider_of(space, wanted.provider)
        hook, secret = hooks.create(session, instance, caller, space, provider, wanted.secret)
    hook_url = url(instance, base_url, hook)
    if wanted.host_token is not None:
        host_id = installing.install(
            instance.egress,
            provider,
            hooks.source_url(space),
            hook_url=hook_url,
            secret=instance.sealer.open(hook.sealed_secret, context=hook.secret_context),
            token=wanted.host_token,
        )
        with instance.database.unit_of_work() as session:
            hook = hooks.installed(session, caller, hook.id, host_id)
    return Issued(hook, hook_url, secret)


def rotate(
    session: Session, instance: Instance, caller: Caller, hook_id: str, secret: str | None, base_url: str
) -> Issued:
    """A new secret, or one of the host's making; the old one is refused from now on."""
    hook = hooks.get(session, caller, hook_id, needs=Role.ADMIN)
    issued = hooks.rotate(session, instance, caller, hook, secret)
    return Issued(hook, url(instance, base_url, hook), issued)


def url(instance: Instance, base_url: str, hook: Hook) -> str:
    """What the host calls; `base_url` is how this instance was asked, where no other address is set."""
    base = instance.settings.public_url or base_url
    return f"{base.rstrip('/')}/webhooks/{hook.provider}/{hook.id}"
