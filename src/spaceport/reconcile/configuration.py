"""Configuration whose application was left in the middle: the worker has died, or the Hub stopped answering."""

import structlog
from sqlmodel import Session

from spaceport.configuration import applications, apply
from spaceport.configuration.model import Application
from spaceport.deployments import slot
from spaceport.errors import SpaceportError
from spaceport.hub import Hub
from spaceport.hub_accounts import commands as hub_accounts
from spaceport.instance import Instance
from spaceport.spaces.model import Space

log = structlog.get_logger()


def go_on(instance: Instance) -> bool:
    """Every one that was left, once. Always False: what could not be done now is for the next time."""
    with instance.database.unit_of_work() as session:
        left = applications.left(session)
    for application in left:
        try:
            _go_on(instance, application)
        except SpaceportError as error:
            log.warning("configuration.not_applied", space=application.space_id, reason=error.message)
    return False


def _go_on(instance: Instance, left: Application) -> None:
    with instance.database.unit_of_work() as session:
        taken = _take(session, instance, left)
    if taken is not None:
        hub, space, application = taken
        apply.run(instance, hub, space, application)


def _take(session: Session, instance: Instance, left: Application) -> tuple[Hub, Space, Application] | None:
    space = slot.lock(session, left.space_id)
    if space.deleted_at is not None:
        applications.finish(session, left, "The space is not managed any more.")
        return None
    # A deployment that holds the slot goes on with it itself, before it pushes.
    if slot.holder(session, space.id) is not None:
        return None
    application = applications.begin(session, space, asked_by=left.asked_by)
    if application is None:
        return None
    return hub_accounts.connect(session, instance, space.hub_account_id), space, application
