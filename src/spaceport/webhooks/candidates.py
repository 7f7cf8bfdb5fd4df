"""The spaces that a push may concern, with what is known of each: two statements, however many there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from spaceport.spaces import deploy_rules, repositories
from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Known

_SPACES = r"""
    SELECT space.id, space.owner || '/' || space.name AS repo_id, space.source, space.auto_deploy,
        deploy_rules.rules, newest.revision, newest.status = 'queued' AS pending
    FROM space LEFT JOIN deploy_rules ON deploy_rules.space_id = space.id
    LEFT JOIN LATERAL (
        SELECT revision, status FROM deployment
        WHERE space_id = space.id AND (revision IS NOT NULL OR status = 'queued') ORDER BY id DESC LIMIT 1
    ) newest ON true
    WHERE space.deleted_at IS NULL AND {which} ORDER BY space.id
"""
_OF_REPOSITORY = text(_SPACES.format(which=f"space.team_id = :team_id AND {repositories.SQL} = :repository"))
_NAMED = text(_SPACES.format(which="space.id = ANY(:ids)"))
_DECIDED = text("""
    SELECT decision.space_id, decision.revision, decision.code, decision.outcome, deployment.number
    FROM decision LEFT JOIN deployment ON deployment.id = decision.deployment_id
    WHERE decision.space_id = ANY(:space_ids) AND decision.revision = ANY(:revisions)
      AND (decision.code = 'paths' OR decision.outcome IN ('deployed', 'joined'))
""")


@dataclass(frozen=True, slots=True)
class Candidate:
    space_id: str
    rules: Rules
    known: Known


def find(session: Session, team_id: str, repository: str) -> list[Candidate]:
    """Every space of the team that takes its code from the repository, in the order of their locks."""
    return _read(session.execute(_OF_REPOSITORY, {"team_id": team_id, "repository": repository}).all())


def named(session: Session, space_ids: Sequence[str]) -> list[Candidate]:
    return _read(session.execute(_NAMED, {"ids": list(space_ids)}).all())


def recall(session: Session, pairs: Iterable[tuple[Candidate, Push]]) -> dict[tuple[str, Push], Known]:
    """What was decided earlier about the same revisions, by space and push."""
    asked = list(pairs)
    if not asked:
        return {}
    revisions = {revision for _, push in asked for revision in (push.before, push.after) if revision}
    rows = session.execute(
        _DECIDED,
        {"space_ids": [*{candidate.space_id for candidate, _ in asked}], "revisions": [*revisions]},
    ).all()
    brought = {(row.space_id, row.revision): row.number for row in rows if row.outcome in ("deployed", "joined")}
    passed = {(row.space_id, row.revision) for row in rows if row.code == "paths"}
    return {
        (candidate.space_id, push): replace(
            candidate.known,
            handled=_handled(brought, candidate, push),
            chained=(candidate.space_id, push.before) in passed,
        )
        for candidate, push in asked
    }


def _read(rows: Sequence[Any]) -> list[Candidate]:
    return [Candidate(row.id, deploy_rules.read(row.rules), _known(row)) for row in rows]


def _known(row: Any) -> Known:
    return Known(row.repo_id, row.source or {}, row.auto_deploy, row.revision, pending=bool(row.pending))


def _handled(brought: Mapping[tuple[str, str], int], candidate: Candidate, push: Push) -> str | None:
    if push.after is None:
        return None
    if push.after == candidate.known.deployed:
        return "the newest deployment"
    number = brought.get((candidate.space_id, push.after))
    return f"deployment #{number}" if number is not None else None
