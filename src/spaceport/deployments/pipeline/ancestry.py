"""What deploys by itself never goes back: neither to what is live, nor to what came before it."""

import asyncio
from typing import Any

from sqlalchemy import Row, text

from spaceport.deployments import fetch
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.deployments.stop import UNTOUCHED
from spaceport.errors import SpaceportError
from spaceport.sources import git_history
from spaceport.sources.model import Fetched, GitSource

_AUTOMATIC = ("webhook", "reconcile")
# What keeps two commits from being compared, and will not pass: the deployment goes on.
_INCOMPARABLE = {
    "ref_not_found": "The host does not have {live} any more, which is live",
    "source_too_large": "The history of {live}, which is live, is too large to be fetched",
    "fetch_timed_out": "The history of {live}, which is live, takes too long to be fetched",
}
# `settled`: nothing was pushed to the Space after the release.
_LIVE = text("""
    SELECT release.number, release.revision, deployment.source ->> 'url' AS url, NOT EXISTS (
        SELECT FROM deployment later WHERE later.space_id = release.space_id AND later.hub_sha IS NOT NULL
        AND later.number > deployment.number
    ) AS settled
    FROM release JOIN deployment ON deployment.id = release.deployment_id
    WHERE release.space_id = :space_id ORDER BY release.number DESC LIMIT 1
""")


async def require_news(step: Step, fetched: Fetched) -> None:
    """Raises Ended, as superseded, when the fetched revision is live or an ancestor of what is."""
    source = step.deployment.source
    if step.deployment.trigger not in _AUTOMATIC or source.get("kind") != "git":
        return
    live = await asyncio.to_thread(_live, step)
    if live is None or live.url != source["url"]:
        return
    if fetched.revision == live.revision:
        if live.settled:
            raise _past("already_live", f"Revision {live.revision[:7]} is live already, as release v{live.number}.")
    elif await _is_before(step, fetched, live.revision):
        older, newer = fetched.revision[:7], live.revision[:7]
        reason = f"Revision {older} came before {newer}, which is live as release v{live.number}."
        raise _past("older_than_live", reason)


def _live(step: Step) -> Row[Any] | None:
    with step.instance.database.unit_of_work() as session:
        return session.execute(_LIVE, {"space_id": step.deployment.space_id}).first()


async def _is_before(step: Step, fetched: Fetched, live: str) -> bool:
    token = fetch.token(step)
    try:
        return await step.call(
            git_history.is_before,
            GitSource.model_validate(step.deployment.source),
            fetched.revision,
            live,
            token=token,
            policy=step.instance.egress,
            cancelled=step.given_up.is_set,
            cache=fetch.cache(step, token),
        )
    except SpaceportError as error:
        if error.code not in _INCOMPARABLE:
            raise
        why = _INCOMPARABLE[error.code].format(live=live[:7])
        await step.say(f"{why}: whether the revision came before what is live cannot be told.")
        return False


def _past(code: str, reason: str) -> Ended:
    return Ended(code, f"{reason} {UNTOUCHED}", "Deploy by hand if you want to go back.", status=Status.SUPERSEDED)
