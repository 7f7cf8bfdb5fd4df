"""A deployment in a few lines of Markdown. Pure."""

import re

from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status
from spaceport.spaces.model import Space

_HEADINGS = {
    Status.SUCCEEDED: "{space} is live",
    Status.FAILED: "Deployment to {space} failed",
    Status.CANCELED: "Deployment to {space} was canceled",
    Status.SUPERSEDED: "Deployment to {space} was superseded",
}
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@:-])")
_EVIDENCE_LINES = 20


def markdown(deployment: Deployment, space: Space) -> str:
    """Texts of others (the source's, the Hub's, the app's log) are shown as they are and never as markup."""
    heading = _HEADINGS.get(deployment.status, "Deployment to {space} is " + deployment.status)
    lines = [f"## {heading.format(space=plain(space.repo_id))}", ""]
    if deployment.reason:
        lines += [plain(deployment.reason), ""]
    if deployment.fix and deployment.status is not Status.SUCCEEDED:
        lines += [f"**What to do:** {plain(deployment.fix)}", ""]
    lines += [f"* {name}: {value}" for name, value in _facts(deployment, space).items() if value]
    if deployment.evidence:
        # Indented code ends at no character that a log may hold.
        kept = deployment.evidence.splitlines()[-_EVIDENCE_LINES:]
        lines += ["", "The log said:", "", *(f"    {line}" for line in kept)]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _facts(deployment: Deployment, space: Space) -> dict[str, str | None]:
    took = deployment.finished_at - deployment.created_at if deployment.finished_at is not None else None
    return {
        "app": f"<{deployment.url}>" if deployment.url else None,
        "Space": f"<{space.endpoint}/spaces/{space.repo_id}>",
        "release": f"v{deployment.release}" if deployment.release else None,
        "commit on the Hub": f"`{deployment.hub_sha}`" if deployment.hub_sha else None,
        "revision": f"`{deployment.revision}`" if deployment.revision else None,
        "deployment": f"`{deployment.id}` (number {deployment.number})",
        "reason code": f"`{deployment.reason_code}`" if deployment.reason_code else None,
        "took": f"{took.total_seconds():.0f} s" if took is not None else None,
    }
