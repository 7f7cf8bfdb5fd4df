"""What the program knows, in an icon, a tone and a word. Never by colour alone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from spaceport.deployments.model import Deployment
from spaceport.deployments.states import Status


@dataclass(frozen=True)
class Sign:
    """`tone` is good, bad, busy or quiet."""

    icon: str
    tone: str
    word: str


_STAGES = {
    "RUNNING": Sign("check", "good", "Running"),
    "RUNNING_BUILDING": Sign("spinner", "busy", "Running, building"),
    "RUNNING_APP_STARTING": Sign("spinner", "busy", "Running, starting"),
    "BUILDING": Sign("spinner", "busy", "Building"),
    "APP_STARTING": Sign("spinner", "busy", "Starting"),
    "PAUSED": Sign("pause", "quiet", "Paused"),
    "SLEEPING": Sign("moon", "quiet", "Sleeping"),
    "STOPPED": Sign("stop", "quiet", "Stopped"),
    "NO_APP_FILE": Sign("alert", "quiet", "No app yet"),
    "CONFIG_ERROR": Sign("alert", "bad", "Configuration error"),
    "BUILD_ERROR": Sign("alert", "bad", "Build error"),
    "RUNTIME_ERROR": Sign("alert", "bad", "Runtime error"),
    "DELETING": Sign("stop", "quiet", "Being deleted"),
}
_STATUSES = {
    Status.QUEUED: Sign("clock", "busy", "Queued"),
    Status.PUSHING: Sign("spinner", "busy", "Pushing"),
    Status.BUILDING: Sign("spinner", "busy", "Building"),
    Status.STARTING: Sign("spinner", "busy", "Starting"),
    Status.VERIFYING: Sign("spinner", "busy", "Verifying"),
    Status.SUCCEEDED: Sign("check", "good", "Went live"),
    Status.FAILED: Sign("cross", "bad", "Failed"),
    Status.CANCELED: Sign("stop", "quiet", "Canceled"),
    Status.SUPERSEDED: Sign("skip", "quiet", "Superseded"),
}
STEPS = {
    "done": Sign("check", "good", "done"),
    "active": Sign("spinner", "busy", "under way"),
    "failed": Sign("cross", "bad", "failed"),
    "stopped": Sign("stop", "quiet", "stopped"),
    "ahead": Sign("dot", "quiet", "to come"),
}
# What a new deployment does about others of its space.
IF_BUSY = {
    "supersede": "Take the place of those that wait; let a running one end",
    "supersede_running": "Take the place of all, and stop a running one",
    "wait": "Wait behind all of them",
    "reject": "Do nothing if there is one",
}
WAITING = {
    "approval": "Waits until somebody approves it.",
    "freeze": "Waits for the end of a freeze of this Space.",
    "slot": "Waits until the deployment before it has ended.",
    "limit": "Waits because as many deployments as allowed are under way.",
}
SDKS = {"docker": "Docker", "gradio": "Gradio", "static": "Static", "streamlit": "Streamlit"}
# The pages of one space, in their order, by the end of their address.
SPACE_PAGES = {"": "Overview", "logs": "Logs", "pushes": "Pushes", "activity": "Activity", "settings": "Settings"}
_TRIGGERS = {"api": "REST API", "webhook": "push", "reconcile": "branch moved"}
_UNITS = ((86400 * 365, "y"), (86400 * 30, "mo"), (86400, "d"), (3600, "h"), (60, "min"))


def stage(stage: str | None) -> Sign:
    """The Hub's word; one that we do not know yet is shown as it is."""
    if stage is None:
        return Sign("dot", "quiet", "Not seen yet")
    return _STAGES.get(stage) or Sign("dot", "quiet", stage.replace("_", " ").capitalize())


def status(status: Status) -> Sign:
    return _STATUSES[status]


def waiting(reason: str) -> str:
    return WAITING.get(reason) or f"Waits for {reason}."


def by(deployment: Deployment) -> str:
    """Who or what asked for a deployment, and how."""
    if deployment.trigger == "webhook":
        return "a push"
    return f"{deployment.initiator_name or 'Spaceport'}, {trigger(deployment.trigger)}"


def trigger(trigger: str) -> str:
    return _TRIGGERS.get(trigger, trigger.replace("_", " "))


def age(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def moment(at: datetime) -> str:
    """To the minute, in UTC; a time without an offset is taken for that."""
    return f"{at.astimezone(UTC) if at.tzinfo else at:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    if seconds < 0.1:
        return "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def usd(dollars: float) -> str:
    return f"${dollars:,.2f}"


def revision(revision: str) -> str:
    """A commit or the digest of an archive, as long as one needs to tell it from another."""
    return revision.removeprefix("sha256:")[:7]


def asked_for(source: dict[str, object], *, whole: bool = False) -> str:
    """The commit that a deployment is about before it has been fetched; "" where only a branch is named."""
    ref = str(source.get("ref") or source.get("revision") or "")
    found = ref if re.fullmatch(r"[0-9a-f]{40,64}", ref) else ""
    return found if whole else revision(found)


def source(source: dict[str, object] | None) -> str:
    """Where the code comes from, in a few words."""
    match source:
        case {"kind": "git", "url": url, "ref": ref}:
            return f"{url} {asked_for({'ref': ref}) or ref or ''}".strip()
        case {"kind": "upload"}:
            return "an uploaded archive"
        case {"kind": "space", "repo_id": repo_id}:
            return f"the Space {repo_id}"
    return "no source yet"
