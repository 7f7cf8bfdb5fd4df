"""Reading deliveries, always within the caller's teams; deciding about one again; letting old ones go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, text
from sqlmodel import Session, col, func, select

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.deployments.model import Deployment
from spaceport.deployments.slot import Limits
from spaceport.errors import Conflict, NotFound
from spaceport.events.record import record_about
from spaceport.instance import Instance
from spaceport.spaces.model import Space
from spaceport.webhooks import decide, hooks
from spaceport.webhooks.inbound import as_push
from spaceport.webhooks.model import Decision, DecisionPublic, Delivery, DeliveryPublic, Hook, Status
from spaceport.webhooks.providers import Provider

# Hosts redeliver for three days; what came is shown for longer.
KEPT_FOR = timedelta(days=30)
_PRUNE = text("""
    DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE received_at < :before LIMIT 5000) RETURNING 1
""")
_SHOWN_DECISIONS = 1000


def get(session: Session, caller: Caller, delivery_id: str, *, needs: Role = Role.VIEWER) -> Delivery:
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.team_id not in caller.teams:
        raise NotFound("Your teams have no such delivery.", code="delivery_not_found")
    caller.require(delivery.team_id, needs)
    return delivery


def page(  # noqa: PLR0913 - one filter each
    session: Session,
    caller: Caller,
    *,
    hook_id: str | None,
    space_id: str | None,
    status: Status | None,
    provider: Provider | None,
    after: str | None,
    limit: int,
) -> list[Delivery]:
    """Newest first; `space_id` for those that something was decided about it."""
    statement = select(Delivery).where(col(Delivery.team_id).in_(caller.team_ids()))
    if hook_id is not None:
        statement = statement.where(Delivery.hook_id == hook_id)
    if status is not None:
        statement = statement.where(Delivery.status == status)
    if provider is not None:
        statement = statement.where(Delivery.provider == provider)
    if space_id is not None:
        about = select(Decision.delivery_id).where(Decision.space_id == space_id)
        statement = statement.where(col(Delivery.id).in_(about))
    if after is not None:
        statement = statement.where(Delivery.id < after)
    return list(session.exec(statement.order_by(col(Delivery.id).desc()).limit(limit)))


def of_space(session: Session, space: Space, *, after: str | None, limit: int) -> list[tuple[Delivery, str]]:
    """Newest first, with what was decided about this space, or else about the delivery as a whole.

    Those of its repository's hooks, deleted ones too, and those that something was decided about it.
    """
    about = select(Decision.delivery_id).where(Decision.space_id == space.id)
    brought = or_(col(Delivery.hook_id).in_(hooks.ever_of(space)), col(Delivery.id).in_(about))
    statement = select(Delivery).where(Delivery.team_id == space.team_id, brought)
    if after is not None:
        statement = statement.where(Delivery.id < after)
    found = list(session.exec(statement.order_by(col(Delivery.id).desc()).limit(limit)))
    decided = select(Decision).where(
        Decision.space_id == space.id, col(Decision.delivery_id).in_([delivery.id for delivery in found])
    )
    # Of several refs in one delivery the one that led to something says most.
    ordered = session.exec(decided.order_by(col(Decision.deployment_id).nulls_first()))
    reasons = {decision.delivery_id: decision.reason for decision in ordered}
    return [(delivery, reasons.get(delivery.id, delivery.reason)) for delivery in found]


def deployments(session: Session, space: Space, delivery_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """By delivery the deployment of this space that it led to: its id and number."""
    led = (
        select(Decision.delivery_id, Deployment.id, Deployment.number)
        .where(Decision.space_id == space.id, col(Decision.delivery_id).in_(delivery_ids))
        .join(Deployment, col(Deployment.id) == Decision.deployment_id)
    )
    return {delivery_id: (deployment_id, number) for delivery_id, deployment_id, number in session.exec(led)}


def last(session: Session, hook_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these hooks was called last, of those that were."""
    newest = select(Delivery.hook_id, func.max(Delivery.received_at)).where(col(Delivery.hook_id).in_(hook_ids))
    return dict(session.exec(newest.group_by(Delivery.hook_id)).all())


def public(session: Session, delivery: Delivery) -> DeliveryPublic:
    """With what was decided about each space, those that are deployed first."""
    rows = session.exec(
        select(Decision, Space)
        .where(Decision.delivery_id == delivery.id, Decision.space_id == Space.id)
        .order_by(col(Decision.deployment_id).is_(None), Space.owner, Space.name, Decision.ref)
        .limit(_SHOWN_DECISIONS)
    ).all()
    decisions = [DecisionPublic.model_validate(decision, update={"space": space.repo_id}) for decision, space in rows]
    return DeliveryPublic.model_validate(delivery, update={"decisions": decisions})


def redeliver(session: Session, instance: Instance, caller: Caller, delivery: Delivery) -> Delivery:
    """Decide about a delivery again, by today's rules: also about a revision that was brought before.

    Raises Conflict `nothing_to_redeliver` for one that told of no push.
    """
    if not delivery.pushes:
        raise Conflict(f"Delivery {delivery.id} told of no push.", code="nothing_to_redeliver")
    hook = session.get_one(Hook, delivery.hook_id)
    again = Delivery(
        **delivery.model_dump(include={"team_id", "hook_id", "provider", "event", "repository", "headers", "pushes"}),
        key="",
        status=Status.IGNORED,
        reason="",
        payload=delivery.payload,
        payload_bytes=delivery.payload_bytes,
        redelivery_of=delivery.redelivery_of or delivery.id,
        decide_after=clock.now(),
    )
    again.key = f"redelivery:{again.id}"
    pushes = [as_push(push) for push in delivery.pushes]
    limits = Limits.of(instance.settings)
    decisions = decide.decide(session, limits, again, hook.repository, pushes, again=True)
    decide.keep(session, again, decisions)
    record_about(
        session,
        "delivery.redelivered",
        team_id=again.team_id,
        actor=caller.user_id,
        space_ids=sorted({decision.space_id for decision in decisions if decision.deployment_id is not None}),
        delivery=again.id,
        redelivery_of=again.redelivery_of,
        status=again.status,
    )
    return again


def prune(session: Session) -> bool:
    """Delete what is older than anybody asks for; whether there may be more."""
    return len(session.execute(_PRUNE, {"before": clock.now() - KEPT_FOR}).all()) == 5000
