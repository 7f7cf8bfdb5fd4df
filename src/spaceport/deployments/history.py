"""A deployment's events."""

from typing import Any

from sqlmodel import Session

from spaceport.deployments.model import Deployment
from spaceport.events.record import record


def note(session: Session, deployment: Deployment, what: str, *, actor: str, **data: Any) -> None:
    """Record `deployment.<what>` in the caller's transaction, which holds the deployment's row."""
    record(
        session,
        f"deployment.{what}",
        team_id=deployment.team_id,
        space_id=deployment.space_id,
        deployment_id=deployment.id,
        actor=actor,
        **data,
    )
