"""Secrets of a space for something that runs on its behalf: a Hub job around its deployment."""

from collections.abc import Iterable

from pydantic import SecretStr
from sqlmodel import Session

from spaceport.configuration import queries, versions
from spaceport.configuration.model import Kind
from spaceport.errors import Invalid
from spaceport.sealing import Sealer
from spaceport.spaces.model import Space


def values(session: Session, sealer: Sealer, space: Space, keys: Iterable[str]) -> dict[str, SecretStr]:
    """As they are wanted, staged ones among them: the deployment brings those with it.

    Raises NotFound `secret_not_found`, Invalid `secret_unknown` for one that was set on the Hub alone.
    """
    newest = queries.newest(session, space.id)
    found = {}
    for key in keys:
        version = newest.get((Kind.SECRET, key))
        if version is None or version.deleted:
            raise queries.missing(Kind.SECRET, key)
        if not version.known:
            raise Invalid(
                f"The value of the secret {key} is not known here: it was set on the Hub itself.",
                code="secret_unknown",
                fix=f"Set it with PUT secrets/{key}.",
            )
        found[key] = SecretStr(versions.value_of(version, sealer))
    return found
