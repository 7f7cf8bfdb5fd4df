"""The spaces that a push may concern, with what is known of each: one statement, however many there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from spaceport.spaces import deploy_rules, repositories
from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Known

# `decided`: what was decided earlier about the revisions that are asked about.
_SPACES = r"""
    SELECT space.id, space.team_id, space.owner || '/' || space.name AS repo_id, space.source, space.auto_deploy,
        deploy_rules.rules, newest.revision, newest.status = 'queued' AS pending, decided.decisions
    FROM space LEFT JOIN deploy_rules ON deploy_rules.space_id = space.id
    LEFT JOIN LATERAL (
        SELECT revision, status FROM deployment
        WHERE space_id = space.id AND (revision IS NOT NULL OR status = 'queued') ORDER BY id DESC LIMIT 1
    ) newest ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(decision.revision, decision.code, deployment.number)) AS decisions
        FROM decision LEFT JOIN deployment ON deployment.id = decision.deployment_id
        WHERE decision.space_id = space.id AND decision.revision = ANY(:revisions)
          AND decision.code IN ('paths', 'deployed')
    ) decided ON true
    WHERE space.deleted_at IS NULL AND {which} ORDER BY space.id
"""
_OF_REPOSITORY = text(_SPACES.format(which=f"space.team_id = :team_id AND {repositories.SQL} = :repository"))
_NAMED = text(_SPACES.format(which="space.id = ANY(:ids)"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """`brought` is the number of the deployment that a revision was decided to be deployed with; `passed` are the
    revisions of which nothing concerned the space."""

    space_id: str
    team_id: str
    rules: Rules
    known: Known
    brought: Mapping[str, int]
    passed: frozenset[str]

    def about(self, push: Push, *, again: bool = False) -> Known:
        """What is known with regard to this push; `again` forgets that its revision was brought before."""
        handled = None
        if push.after is not None and not again:
            if push.after == self.known.deployed:
                handled = "the newest deployment"
            elif push.after in self.brought:
                handled = f"deployment #{self.brought[push.after]}"
        return replace(self.known, handled=handled, chained=push.before in self.passed)


def find(session: Session, team_id: str, repository: str, pushes: Iterable[Push]) -> list[Candidate]:
    """Every space of the team that takes its code from the repository, in the order of their locks."""
    asked = {"team_id": team_id, "repository": repository, "revisions": _revisions(pushes)}
    return [_read(row) for row in session.execute(_OF_REPOSITORY, asked).all()]


def named(session: Session, space_ids: Sequence[str]) -> list[Candidate]:
    """Those spaces, as far as they are still managed, and nothing of what was decided earlier."""
    return [_read(row) for row in session.execute(_NAMED, {"ids": list(space_ids), "revisions": []}).all()]


def _revisions(pushes: Iterable[Push]) -> list[str]:
    return [*{revision for push in pushes for revision in (push.before, push.after) if revision}]


def _read(row: Row[Any]) -> Candidate:
    decisions = row.decisions or []
    return Candidate(
        space_id=row.id,
        team_id=row.team_id,
        rules=deploy_rules.read(row.rules),
        known=Known(row.repo_id, row.source or {}, row.auto_deploy, row.revision, pending=bool(row.pending)),
        brought={revision: number for revision, code, number in decisions if code == "deployed"},
        passed=frozenset(revision for revision, code, _ in decisions if code == "paths"),
    )
