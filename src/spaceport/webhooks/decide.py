"""From pushes to deployments: judged by the rules, started together, and every verdict written down."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from spaceport import clock
from spaceport.db import bulk
from spaceport.deployments import fan_out
from spaceport.deployments.commands import Initiator
from spaceport.deployments.fan_out import Got, Wanted
from spaceport.deployments.slot import Limits
from spaceport.jobs.model import InitiatorType
from spaceport.spaces import gates
from spaceport.webhooks import candidates, rules
from spaceport.webhooks.candidates import Candidate
from spaceport.webhooks.model import Decision, Delivery, Status
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Outcome, Verdict

# Of the spaces that another branch or tag concerns, so many are named: a monorepo may have a thousand of them.
_NAMED = 100
# In one order, so that two deliveries never wait for each other.
_LOCKED = text("""
    SELECT id FROM space WHERE id = ANY(:ids) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE
""")
_ABOUT_THE_REF = ("branch", "tag", "ref", "auto_deploy_off")


@dataclass(frozen=True, slots=True)
class Judged:
    candidate: Candidate
    push: Push
    verdict: Verdict


def decide(
    session: Session,
    limits: Limits,
    delivery: Delivery,
    repository: str,
    pushes: Sequence[Push],
    *,
    again: bool = False,
) -> list[Decision]:
    """Decide about every space of the team that takes its code from the repository; sets the delivery's status.

    `again` deploys a revision although it was brought once. Nothing of the delivery is written yet.
    """
    found = candidates.find(session, delivery.team_id, repository, pushes)
    if not found:
        delivery.status = Status.IGNORED
        delivery.reason = f"ignored: no space of the team takes its code from {repository}"
        return []
    judged = [_judge(candidate, push, again=again) for candidate in found for push in pushes]
    decisions = deploy(session, limits, delivery.id, judged)
    summarise(delivery, decisions)
    return decisions


def deploy(session: Session, limits: Limits, delivery_id: str, judged: Sequence[Judged]) -> list[Decision]:
    """Start what is to be deployed, together, and say about each what came of it."""
    wanted = {each.candidate.space_id: each for each in judged if each.verdict.outcome is Outcome.DEPLOYED}
    got = _start(session, limits, delivery_id, wanted)
    return [_decision(delivery_id, _by_another_ref(each, wanted), got.get(each.candidate.space_id)) for each in judged]


def keep(session: Session, delivery: Delivery, decisions: Sequence[Decision]) -> None:
    """Write it down with them, all but those that say of many spaces that the push was about another ref."""
    others = [decision for decision in decisions if decision.code in _ABOUT_THE_REF]
    left_out = {id(decision) for decision in others[_NAMED:]}
    bulk.insert(session, [delivery], [decision for decision in decisions if id(decision) not in left_out])


def summarise(delivery: Delivery, decisions: Sequence[Decision]) -> None:
    """The delivery's status, and its reason in one sentence."""
    outcomes = Counter(decision.outcome for decision in decisions)
    deployed = outcomes[Outcome.DEPLOYED] + outcomes[Outcome.JOINED]
    if outcomes[Outcome.DECIDING]:
        delivery.status = Status.DECIDING
    else:
        delivery.status = Status.DEPLOYED if deployed else Status.IGNORED
    reasons = list(dict.fromkeys(decision.reason for decision in decisions))
    if len(reasons) == 1:
        delivery.reason = reasons[0] + (f" ({len(decisions)} spaces)" if len(decisions) > 1 else "")
        return
    counts = [f"{count} {outcome}" for outcome, count in sorted(outcomes.items())]
    delivery.reason = f"{len(decisions)} decisions: {', '.join(counts)}; for example {reasons[0]}"


def _judge(candidate: Candidate, push: Push, *, again: bool) -> Judged:
    known = candidate.about(push, again=again)
    return Judged(candidate, push, rules.judge(push, candidate.rules, known, clock.now()))


def _by_another_ref(judged: Judged, wanted: Mapping[str, Judged]) -> Judged:
    """Of several refs that one delivery moved and a space follows, the last is deployed; the others say so."""
    chosen = wanted.get(judged.candidate.space_id)
    if judged.verdict.outcome is not Outcome.DEPLOYED or chosen is None or chosen is judged:
        return judged
    reason = f"ignored: the same delivery tells of {chosen.push.ref}, which is deployed instead"
    return replace(judged, verdict=Verdict(Outcome.IGNORED, "another_ref", reason))


def _start(session: Session, limits: Limits, delivery_id: str, wanted: Mapping[str, Judged]) -> dict[str, Got]:
    if not wanted:
        return {}
    now = clock.now()
    asked = []
    for space_id in session.execute(_LOCKED, {"ids": list(wanted)}).scalars():
        each = wanted[space_id]
        gate = gates.first(each.candidate.rules, now)
        asked.append(Wanted(space_id, each.candidate.team_id, _source(each, gate), gate))
    initiator = Initiator(InitiatorType.WEBHOOK, delivery_id)
    return fan_out.fan_out(session, limits, asked, initiator=initiator, trigger="webhook")


def _source(judged: Judged, gate: str) -> dict[str, Any]:
    """The space's source at the ref that moved. Who approves, approves a revision: a later push does not slip in."""
    source = dict(judged.candidate.known.source)
    name = "ref" if source.get("kind") == "git" else "revision"
    ref = judged.push.after if gate == gates.APPROVAL else judged.verdict.ref
    return source | {name: ref}


def _decision(delivery_id: str, judged: Judged, got: Got | None) -> Decision:
    outcome, reason = judged.verdict.outcome, judged.verdict.reason
    deployment_id = None
    if outcome is Outcome.DEPLOYED and got is not None:
        deployment_id = got.deployment_id
        outcome = Outcome.JOINED if got.joined else Outcome.DEPLOYED
        waiting = "which had not begun, brings it" if got.joined else "was queued"
        reason = f"{outcome}: {reason}; deployment #{got.number}{',' if got.joined else ''} {waiting}"
    elif outcome is Outcome.DEPLOYED:
        outcome, reason = Outcome.IGNORED, f"ignored: {judged.candidate.known.repo_id} is not managed any more"
    elif outcome is Outcome.DECIDING:
        reason = f"deciding: {reason}"
    return Decision(
        delivery_id=delivery_id,
        space_id=judged.candidate.space_id,
        ref=judged.push.ref,
        revision=judged.push.after,
        outcome=outcome,
        code=judged.verdict.code,
        reason=reason,
        deployment_id=deployment_id,
    )
