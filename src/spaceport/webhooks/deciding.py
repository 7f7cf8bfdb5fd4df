"""Deliveries that their payload cannot decide: Git is asked, outside of any request and any transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlmodel import Session, col, select

from spaceport import clock
from spaceport.deployments.slot import Limits
from spaceport.errors import SpaceportError
from spaceport.instance import Instance
from spaceport.sources import git, git_history
from spaceport.sources.model import GitSource
from spaceport.spaces.model import Space
from spaceport.webhooks import candidates, decide, rules
from spaceport.webhooks.candidates import Candidate
from spaceport.webhooks.decide import Judged
from spaceport.webhooks.inbound import as_push
from spaceport.webhooks.model import Decision, Delivery, Hook
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Outcome, Verdict

# Longer than asking may take, so that nobody else begins meanwhile.
_LEASE = timedelta(minutes=10)
_PAUSES = (5, 30, 120)
_CLAIM = text("""
    UPDATE delivery SET decide_after = :until, attempts = attempts + 1 WHERE id = (
        SELECT id FROM delivery WHERE status = 'deciding' AND decide_after <= :now
        ORDER BY decide_after LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ) RETURNING id
""")

log = structlog.get_logger()


class _Undecided(Exception):
    """Asking failed in a way that may pass."""


@dataclass
class Oracle:
    """Git's answers for one delivery: each question is asked once per token, however many spaces it decides about.

    `last`: what cannot be found out now never will be, and counts as changed.
    """

    instance: Instance
    cancelled: Callable[[], bool]
    last: bool
    _heads: dict[tuple[str, str | None], str | None] = field(default_factory=dict, repr=False)
    _files: dict[tuple[str, str | None, str, str], frozenset[str] | None] = field(default_factory=dict, repr=False)

    def default_branch(self, url: str, token: str | None) -> str | None:
        """None when it is not known for sure. Raises _Undecided."""
        asked = (url, token)
        if asked not in self._heads:
            self._heads[asked] = self._ask(lambda: self._head(url, token))
        return self._heads[asked]

    def files(self, url: str, token: str | None, before: str, after: str) -> frozenset[str] | None:
        """What differs between two commits; None when it cannot be known. Raises _Undecided."""
        asked = (url, token, before, after)
        if asked not in self._files:
            self._files[asked] = self._ask(lambda: self._changed(url, token, before, after))
        return self._files[asked]

    def _head(self, url: str, token: str | None) -> str | None:
        tip = git.resolve(GitSource(url=url), token=token, policy=self.instance.egress, cancelled=self.cancelled)
        return (tip.ref or "").removeprefix("refs/heads/") or None

    def _changed(self, url: str, token: str | None, before: str, after: str) -> frozenset[str]:
        policy = self.instance.egress
        return git_history.changed_files(
            GitSource(url=url), before, after, token=token, policy=policy, cancelled=self.cancelled
        )

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except SpaceportError as error:
            log.info("delivery.git_did_not_tell", code=error.code)
            # A commit that the host does not have any more stays away, and so does one that is too large.
            gone = error.code in ("ref_not_found", "source_too_large", "source_not_written")
            if gone or (self.last and error.code != "fetch_canceled"):
                return None
            raise _Undecided(error.message) from error


def decide_next(instance: Instance, cancelled: Callable[[], bool]) -> bool:
    """Decide about the delivery that has waited longest, if any; whether there was one."""
    with instance.database.unit_of_work() as session:
        now = clock.now()
        claimed = session.execute(_CLAIM, {"now": now, "until": now + _LEASE}).scalar_one_or_none()
    if claimed is None:
        return False
    with instance.database.unit_of_work() as session:
        delivery = session.get_one(Delivery, claimed)
        pairs = _open(session, delivery)
        opened = tokens(session, instance, [candidate.space_id for candidate, _ in pairs])
    oracle = Oracle(instance, cancelled, last=delivery.attempts > len(_PAUSES))
    try:
        judged = [judge(oracle, candidate, push, opened.get(candidate.space_id)) for candidate, push in pairs]
    except _Undecided as error:
        with instance.database.unit_of_work() as session:
            row = session.get_one(Delivery, claimed)
            row.decide_after = clock.now() + timedelta(seconds=_PAUSES[min(delivery.attempts, len(_PAUSES)) - 1])
            row.reason = f"deciding: Git is asked again, because it did not tell: {error}"
        return True
    with instance.database.unit_of_work() as session:
        _settle(session, instance, claimed, judged)
    return True


def judge(oracle: Oracle, candidate: Candidate, push: Push, token: str | None) -> Judged:
    """The verdict with Git's help: deployed or ignored. Raises _Undecided."""
    known, url = candidate.known, str(candidate.known.source.get("url", ""))
    verdict = rules.judge(push, candidate.rules, known, clock.now())
    if verdict.code == "default_branch":
        default = oracle.default_branch(url, token) if url else None
        # Unknown for good: taken for the default one, since that is what is pushed to.
        push = replace(push, default_branch=default or push.branch)
        verdict = rules.judge(push, candidate.rules, known, clock.now())
    if verdict.outcome is Outcome.DECIDING:
        verdict = _by_files(oracle, candidate, push, token)
    return Judged(candidate, push, verdict)


def tokens(session: Session, instance: Instance, space_ids: Sequence[str]) -> Mapping[str, str]:
    """What opens the sources of those spaces that have a token, by space."""
    rows = session.exec(select(Space).where(col(Space.id).in_(space_ids))).all()
    return {
        space.id: instance.sealer.open(space.sealed_source_token, context=space.source_token_context)
        for space in rows
        if space.sealed_source_token is not None
    }


def _by_files(oracle: Oracle, candidate: Candidate, push: Push, token: str | None) -> Verdict:
    known, after = candidate.known, push.after
    assert after is not None
    moved = rules.judge(push, candidate.rules, replace(known, deployed=None, pending=False), clock.now())
    url = str(known.source.get("url", ""))
    # What all spaces that kept up have in common is asked once, wherever each of them stands.
    since = push.before if rules.goes_on(push, known) else known.deployed
    files = oracle.files(url, token, since, after) if url and since else None
    if files is None:
        return replace(moved, reason=f"{moved.reason}, and which files changed cannot be told")
    return rules.by_files(candidate.rules, known, files, moved)


def _open(session: Session, delivery: Delivery) -> list[tuple[Candidate, Push]]:
    """What is undecided, with what is known by now."""
    undecided = select(Decision).where(Decision.delivery_id == delivery.id, Decision.outcome == Outcome.DECIDING)
    pushes = {push.ref: push for push in map(as_push, delivery.pushes)}
    hook = session.get_one(Hook, delivery.hook_id)
    every = candidates.find(session, delivery.team_id, hook.repository, pushes.values())
    found = {each.space_id: each for each in every}
    again = delivery.redelivery_of is not None
    pairs = [
        (found[decision.space_id], pushes[decision.ref])
        for decision in session.exec(undecided.order_by(Decision.space_id))
        if decision.space_id in found
    ]
    return [(replace(each, known=each.about(push, again=again)), push) for each, push in pairs]


def _settle(session: Session, instance: Instance, delivery_id: str, judged: Sequence[Judged]) -> None:
    delivery = session.get_one(Delivery, delivery_id, with_for_update={"key_share": True})
    if delivery.status != "deciding":
        return
    fresh = {
        (decision.space_id, decision.ref): decision
        for decision in decide.deploy(session, Limits.of(instance.settings), delivery_id, judged)
    }
    every = list(session.exec(select(Decision).where(Decision.delivery_id == delivery_id)))
    for decision in every:
        if decision.outcome is not Outcome.DECIDING:
            continue
        new = fresh.get((decision.space_id, decision.ref))
        if new is None:
            decision.outcome, decision.code = Outcome.IGNORED, "gone"
            decision.reason = "ignored: the space does not take its code from there any more"
        else:
            decision.outcome, decision.code, decision.reason = new.outcome, new.code, new.reason
            decision.deployment_id = new.deployment_id
        session.add(decision)
    decide.summarise(delivery, every)
    session.add(delivery)
