"""Applying everything staged now, for somebody who waits for the answer."""

from collections.abc import Sequence

from spaceport.accounts.caller import Caller
from spaceport.configuration import applications, apply, commands
from spaceport.configuration.model import Application, Version
from spaceport.errors import SpaceportError, Unavailable
from spaceport.hub import Hub
from spaceport.instance import Instance
from spaceport.spaces.model import Space


def run(
    instance: Instance, caller: Caller, hub: Hub, space: Space, application: Application, own: Sequence[Version]
) -> None:
    """`own` are the versions that this very request has staged: those that do not reach the Hub are taken back.

    Raises the first HubFailure. Raises Unavailable `configuration_pending` when the Hub stopped answering in the
    middle: what is not there yet is brought there later, by the reconciler.
    """
    try:
        outcome = apply.run(instance, hub, space, application)
    except SpaceportError as error:
        with instance.database.unit_of_work() as session:
            pending = applications.is_open(session, application)
            if not pending and not application.touched:
                commands.take_back(session, caller, space, own)
        if pending:
            raise _pending(error) from error
        raise
    if outcome.refused:
        with instance.database.unit_of_work() as session:
            commands.take_back(session, caller, space, own)
        failure = outcome.refused[0].failure
        failure.facts["applied"] = [version.key for version in outcome.applied]
        failure.facts["refused"] = [each.version.key for each in outcome.refused]
        raise failure


def _pending(error: SpaceportError) -> Unavailable:
    return Unavailable(
        f"The Hub stopped answering while the configuration was applied. {error.message}",
        code="configuration_pending",
        fix="Nothing to do: everything is kept, and is applied within minutes of the Hub answering again.",
        retry_after=60,
    )
