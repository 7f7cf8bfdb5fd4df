"""Does this push deploy this space? Pure: the push, the space's source and rules, and what is known of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from spaceport.spaces import gates
from spaceport.spaces.deploy_rules import Rules
from spaceport.webhooks import patterns
from spaceport.webhooks.payloads import Push

_SKIP = re.compile(r"\[(?:skip|no)[ -](?:ci|cd|deploy)\]|\[(?:ci|cd|deploy)[ -]skip\]", re.IGNORECASE)


class Outcome(StrEnum):
    """`joined`: a deployment that has not begun yet will bring it. `deciding`: Git is being asked."""

    DEPLOYED = "deployed"
    JOINED = "joined"
    IGNORED = "ignored"
    DECIDING = "deciding"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is stable, `reason` one sentence. `ref` is what is to be deployed: the branch or tag by its name."""

    outcome: Outcome
    code: str
    reason: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says of the space.

    `deployed` is the newest revision that a deployment of it has fetched. `pending`: one is queued that will fetch
    the head. `handled` names what has brought this very revision already. `chained`: `before` was not deployed
    only because nothing that concerns the space had changed.
    """

    repo_id: str
    source: Mapping[str, Any]
    auto_deploy: bool
    deployed: str | None = None
    pending: bool = False
    handled: str | None = None
    chained: bool = False


def judge(push: Push, rules: Rules, known: Known, now: datetime) -> Verdict:
    """Deployed, ignored, or deciding when only Git can tell."""
    if not known.auto_deploy:
        return _ignored("auto_deploy_off", f"{known.repo_id} does not deploy by itself: auto_deploy is off")
    verdict = _wanted_ref(push, rules, known.source)
    if verdict.outcome is not Outcome.DEPLOYED:
        return verdict
    return _stopped(push, rules, known, now) or _by_paths(push, rules, known, verdict)


def path_filter(rules: Rules, source: Mapping[str, Any]) -> list[str]:
    """Which changed files concern the space; everything when empty."""
    folder = str(source.get("folder") or "")
    return rules.paths or ([f"{folder}/**"] if folder else [])


def goes_on(push: Push, known: Known) -> bool:
    """Whether the push begins at what the space has, as far as that concerns the space."""
    return known.chained or (push.before is not None and push.before == known.deployed)


def by_files(rules: Rules, known: Known, files: frozenset[str], verdict: Verdict) -> Verdict:
    """The verdict once it is known what has changed since the space's revision."""
    wanted = path_filter(rules, known.source)
    if _concerned(rules, known.source, files):
        return verdict
    shown = ", ".join(wanted[:3]) + (" …" if len(wanted) > 3 else "")
    return _ignored("paths", f"none of the {len(files)} changed files matches {shown}")


def _concerned(rules: Rules, source: Mapping[str, Any], files: frozenset[str]) -> bool:
    folder = str(source.get("folder") or "")
    if rules.paths or not folder:
        return patterns.allows_any(rules.paths, files)
    # A name and no pattern: brackets are usual in folders of web frameworks.
    return any(name == folder or name.startswith(f"{folder}/") for name in files)


def _stopped(push: Push, rules: Rules, known: Known, now: datetime) -> Verdict | None:
    """Why a push of a ref that the space follows deploys nothing, whatever it changed."""
    if push.after is None:
        return _ignored("deleted", f"{_shown(push)} was deleted")
    if rules.skip_tokens and (token := _SKIP.search(push.message)):
        return _ignored("skip_token", f"the commit's message says {token[0]}")
    if why := gates.locked(rules, now):
        return _ignored("locked", f"{known.repo_id} is {why}")
    if known.handled:
        return _ignored("handled", f"revision {push.after[:7]} was already brought by {known.handled}")
    return None


def _wanted_ref(push: Push, rules: Rules, source: Mapping[str, Any]) -> Verdict:
    if push.tag is not None:
        if patterns.allows(rules.tags, push.tag) or _own_ref(source) in (push.ref, push.tag):
            return _deploy(push, push.ref)
        wanted = ", ".join(rules.tags) or "any tag: the rules name none"
        return _ignored("tag", f"tag {push.tag} does not match {wanted}")
    if push.branch is None:
        return _ignored("ref", f"{push.ref} is neither a branch nor a tag")
    if rules.branches is not None:
        if patterns.allows(rules.branches, push.branch):
            return _deploy(push, push.ref)
        return _ignored("branch", f"branch {push.branch} does not match {', '.join(rules.branches) or 'any branch'}")
    return _own_branch(push, source)


def _own_branch(push: Push, source: Mapping[str, Any]) -> Verdict:
    """The branch that the source names, or the repository's default one."""
    wanted = _own_ref(source) or (push.default_branch and f"refs/heads/{push.default_branch}")
    if wanted is None:
        reason = "Git is asked whether that is the repository's default branch"
        return Verdict(Outcome.DECIDING, "default_branch", reason, None)
    if wanted in (push.ref, push.branch):
        return _deploy(push, _own_ref(source))
    return _ignored("branch", f"branch {push.branch} does not match {wanted.removeprefix('refs/heads/')}")


def _by_paths(push: Push, rules: Rules, known: Known, verdict: Verdict) -> Verdict:
    if not path_filter(rules, known.source) or (known.deployed is None and not known.pending):
        return verdict
    if push.files is not None:
        found = by_files(rules, known, push.files, verdict)
        # That nothing has changed is believed only when the list begins where the space is.
        since_ours = known.pending or (push.exact and goes_on(push, known))
        if found.outcome is Outcome.DEPLOYED or since_ours:
            return found
    return Verdict(Outcome.DECIDING, "files", "Git is asked which files have changed", verdict.ref)


def _own_ref(source: Mapping[str, Any]) -> str | None:
    ref = source.get("ref") if source.get("kind") == "git" else source.get("revision")
    return str(ref) if ref else None


def _deploy(push: Push, ref: str | None) -> Verdict:
    return Verdict(Outcome.DEPLOYED, "deployed", f"{_shown(push)} moved to {(push.after or '')[:7]}", ref)


def _ignored(code: str, reason: str) -> Verdict:
    return Verdict(Outcome.IGNORED, code, f"ignored: {reason}")


def _shown(push: Push) -> str:
    if push.branch is not None:
        return f"branch {push.branch}"
    return f"tag {push.tag}" if push.tag is not None else push.ref
