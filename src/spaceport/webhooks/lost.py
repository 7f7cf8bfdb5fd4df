"""A branch that moved although no delivery said so: the rules decide about it as they do about a push."""

from collections.abc import Callable, Sequence

from sqlalchemy import text
from sqlmodel import Session

from spaceport.instance import Instance
from spaceport.spaces.model import Space
from spaceport.webhooks import candidates, deciding
from spaceport.webhooks.candidates import Candidate
from spaceport.webhooks.deciding import Oracle
from spaceport.webhooks.payloads import Push
from spaceport.webhooks.rules import Outcome

# Of the decisions that deployed nothing those are left out that do not last: a lock ends, and rules are changed.
_STANDING = text("""
    SELECT DISTINCT space_id FROM decision WHERE space_id = ANY(:ids) AND revision = :head
    AND code IN ('deployed', 'handled', 'paths', 'skip_token', 'files', 'default_branch')
""")


def concerned(
    instance: Instance, spaces: Sequence[Space], ref: str, head: str, cancelled: Callable[[], bool]
) -> list[Space]:
    """Those of the spaces that are to be brought to the head, as far as rules and earlier decisions say.

    `ref` is the one that they follow, "" for the default branch. Git is asked what changed where a space has a path
    filter, once for all that stand at the same revision; what it cannot tell counts as changed.
    """
    with instance.database.unit_of_work() as session:
        found = _behind(session, spaces, head)
        tokens = deciding.tokens(session, instance, [candidate.space_id for candidate in found])
    oracle = Oracle(instance, cancelled, last=True)
    wanted = set()
    for candidate in found:
        token = tokens.get(candidate.space_id)
        push = _push(oracle, candidate, ref, head, token)
        if deciding.judge(oracle, candidate, push, token).verdict.outcome is Outcome.DEPLOYED:
            wanted.add(candidate.space_id)
    return [space for space in spaces if space.id in wanted]


def _behind(session: Session, spaces: Sequence[Space], head: str) -> list[Candidate]:
    ids = [space.id for space in spaces]
    standing = set(session.execute(_STANDING, {"ids": ids, "head": head}).scalars())
    return [
        candidate
        for candidate in candidates.named(session, ids)
        if candidate.known.deployed != head and candidate.space_id not in standing
    ]


def _push(oracle: Oracle, candidate: Candidate, ref: str, head: str, token: str | None) -> Push:
    if not ref:
        # Only patterns for branches need its name.
        named = candidate.rules.branches is not None
        ref = (oracle.default_branch(str(candidate.known.source.get("url")), token) if named else None) or "HEAD"
    full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
    return Push(full, candidate.known.deployed, head, default_branch=full.removeprefix("refs/heads/"))
