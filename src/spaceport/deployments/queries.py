"""Reading deployments, jobs and logs, always within the caller's teams."""

from collections.abc import Collection
from typing import Any

from sqlmodel import Session, col, func, select

from spaceport import clock
from spaceport.accounts.caller import Caller
from spaceport.accounts.model import Role
from spaceport.deployments.model import Deployment, DeploymentPublic, LogLine, Release
from spaceport.errors import NotFound
from spaceport.jobs.model import Job
from spaceport.runtime import domains
from spaceport.runtime.model import Observation, ReplicasPublic, RuntimePublic, ServedPublic
from spaceport.spaces.model import Space


def get(session: Session, caller: Caller, deployment_id: str, *, needs: Role = Role.VIEWER) -> Deployment:
    deployment = session.get(Deployment, deployment_id)
    hidden = caller.only_space is not None and deployment is not None and deployment.space_id != caller.only_space
    if deployment is None or deployment.team_id not in caller.teams or hidden:
        raise NotFound("Your teams have no such deployment.", code="deployment_not_found")
    caller.require(deployment.team_id, needs)
    return deployment


def page(session: Session, space: Space, *, after: str | None, limit: int) -> list[Deployment]:
    statement = select(Deployment).where(Deployment.space_id == space.id)
    if after is not None:
        statement = statement.where(Deployment.id < after)
    return list(session.exec(statement.order_by(col(Deployment.id).desc()).limit(limit)))


def numbers(session: Session, deployment_ids: Collection[str]) -> dict[str, int]:
    found = session.exec(select(Deployment.id, Deployment.number).where(col(Deployment.id).in_(deployment_ids)))
    return dict(found.all())


def public(deployment: Deployment, space: Space) -> DeploymentPublic:
    return DeploymentPublic.model_validate(deployment, update={"space": space.repo_id})


def served(session: Session, space: Space, sha: str) -> ServedPublic:
    """Which deployment of ours a commit is, and whether it went live: a later one may have found it there."""
    made = (
        select(Deployment.id, Release.number)
        .join(Release, col(Release.deployment_id) == Deployment.id, isouter=True)
        .where(Deployment.space_id == space.id, Deployment.hub_sha == sha)
        .order_by(col(Release.number).desc().nulls_last(), col(Deployment.id).desc())
    )
    found = session.exec(made.limit(1)).first()
    deployment_id, release = found or (None, None)
    return ServedPublic(sha=sha, ours=found is not None, deployment_id=deployment_id, release=release)


def runtime(session: Session, space: Space, seen: Observation) -> RuntimePublic:
    """What was observed, with its age and what it means for us."""
    return RuntimePublic.model_validate(
        seen,
        from_attributes=True,
        update={
            "replicas": ReplicasPublic(current=seen.replicas.get("current"), requested=seen.replicas.get("requested")),
            "domains": [domains.public(domain) for domain in seen.domains],
            "served": served(session, space, seen.runtime_sha) if seen.runtime_sha else None,
            "url": space.host,
            "age_seconds": max(0.0, (clock.now() - seen.observed_at).total_seconds()),
        },
    )


def log_page(session: Session, deployment_id: str, *, after: int, limit: int, step: str | None) -> list[LogLine]:
    statement = select(LogLine).where(LogLine.deployment_id == deployment_id, LogLine.seq > after)
    if step is not None:
        statement = statement.where(LogLine.step == step)
    return list(session.exec(statement.order_by(col(LogLine.seq)).limit(limit)))


def last_recorded(session: Session, space: Space, step: str, *, most: int) -> tuple[Deployment, list[LogLine]] | None:
    """The newest lines of its build or its app that a deployment has recorded, oldest first."""
    recorded = select(Deployment).where(
        Deployment.space_id == space.id, func.jsonb_exists(Deployment.log_positions, step)
    )
    deployment = session.exec(recorded.order_by(col(Deployment.id).desc()).limit(1)).first()
    if deployment is None:
        return None
    newest = select(LogLine).where(LogLine.deployment_id == deployment.id, LogLine.step == step)
    lines = session.exec(newest.order_by(col(LogLine.seq).desc()).limit(most)).all()
    return (deployment, list(lines)[::-1]) if lines else None


def jobs(  # noqa: PLR0913 - one filter each
    session: Session,
    caller: Caller,
    *,
    stage: str | None,
    kind: str | None,
    initiator: str | None,
    deployment_id: str | None,
    after: str | None,
    limit: int,
) -> list[Job]:
    statement = select(Job).where(col(Job.team_id).in_(caller.team_ids()))
    wanted: dict[Any, str | None] = {
        Job.stage: stage,
        Job.kind: kind,
        Job.initiator_type: initiator,
        Job.deployment_id: deployment_id,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if after is not None:
        statement = statement.where(Job.id < after)
    return list(session.exec(statement.order_by(col(Job.id).desc()).limit(limit)))


def job(session: Session, caller: Caller, job_id: str) -> Job:
    found = session.get(Job, job_id)
    if found is None or found.team_id not in caller.teams:
        raise NotFound("Your teams have no such job.", code="job_not_found")
    return found
