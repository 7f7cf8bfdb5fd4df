"""What one running Spaceport has. `main` assembles it, and every door is given it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from spaceport import keys
from spaceport.accounts.tokens import AccessTokens
from spaceport.db.database import Database
from spaceport.egress.policy import Policy
from spaceport.events.viewers import Viewers
from spaceport.health.probe import Prober
from spaceport.hub.budget import Budgets
from spaceport.hub.budget_table import BudgetTable
from spaceport.sealing import Sealer
from spaceport.settings import Settings


@dataclass(frozen=True)
class Instance:
    settings: Settings
    database: Database
    sealer: Sealer
    access_tokens: AccessTokens
    # Where people's own addresses may lead: clone URLs.
    egress: Policy
    prober: Prober
    budgets: Budgets
    viewers: Viewers


def assemble(settings: Settings, database: Database) -> Instance:
    """Raises `errors.Invalid` for keys that are missing or guessable."""
    loaded = keys.load(settings)
    return Instance(
        settings=settings,
        database=database,
        sealer=Sealer(loaded.sealing),
        access_tokens=AccessTokens(loaded.jwt_secret),
        egress=Policy(settings.egress_allowed_hosts),
        prober=Prober(Policy((*settings.egress_allowed_hosts, *_hub_apps(settings)))),
        budgets=Budgets(BudgetTable(database)),
        viewers=Viewers(),
    )


def _hub_apps(settings: Settings) -> tuple[str, ...]:
    """A Hub on this machine serves its apps on this machine too; probing them there is what the operator chose."""
    host = urlsplit(settings.hf_endpoint).hostname or ""
    return (host,) if host in ("127.0.0.1", "localhost", "::1") else ()
