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


STAGES = {
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
DONE, REFUSED = Sign("check", "good", "Done"), Sign("cross", "bad", "Not done")
CONDITIONS = {"running": "Running", "deploying": "Deploying", "failing": "Failing", "idle": "Asleep or paused"}
SORTS = {"activity": "Latest activity", "name": "Name", "created": "Newest", "cost": "Cost this month"}
SDKS = {"docker": "Docker", "gradio": "Gradio", "static": "Static", "streamlit": "Streamlit"}
ROLES = "Viewers look, deployers deploy, admins change everything else, owners also make owners."
# The pages of one space, in their order, by the end of their address.
SPACE_PAGES = {
    "": "Overview",
    "configuration": "Configuration",
    "logs": "Logs",
    "pushes": "Pushes",
    "activity": "Activity",
    "settings": "Settings",
}
VISIBILITIES = {
    "public": "Public: everybody sees files and app",
    "protected": "Protected: everybody uses the app, the files stay private",
    "private": "Private: its owners alone",
}
# Seconds of idling that one may choose from before a Space falls asleep.
SLEEP_TIMES = (300, 900, 1800, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
_DOMAINS = {
    "READY": Sign("check", "good", "Works"),
    "PENDING": Sign("clock", "busy", "Being set up"),
    "PENDING_CHALLENGE": Sign("clock", "busy", "Being proved"),
    "EXPIRED_CHALLENGE": Sign("alert", "bad", "Not proved"),
    "MISCONFIGURED": Sign("alert", "bad", "DNS leads elsewhere"),
}
# By the code of an error whose own fix names a request of the API.
FIXES = {
    "space_busy": "Wait for its end, or cancel it on its page, then try again. What is staged waits meanwhile.",
    "space_not_found": "It may have been deleted, or belong to another team; yours are listed.",
    "space_exists_on_hub": "Choose another name.",
    "secret_not_found": "Look for changes on the Hub: that finds what was set there.",
    "variable_not_found": "Look for changes on the Hub: that finds what was set there.",
    "hardware_unknown": "Choose what is listed.",
}
_TRIGGERS = {"api": "REST API", "webhook": "push", "reconcile": "branch moved"}
# Browsers name one another for the sake of old sites: the first that fits counts.
_PROGRAMS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_UNITS = ((86400 * 365, "y"), (86400 * 30, "mo"), (86400, "d"), (3600, "h"), (60, "min"))


def stage(stage: str | None) -> Sign:
    """The Hub's word; one that we do not know yet is shown as it is."""
    if stage is None:
        return Sign("dot", "quiet", "Not seen yet")
    return STAGES.get(stage) or Sign("dot", "quiet", stage.replace("_", " ").capitalize())


def status(status: Status) -> Sign:
    return _STATUSES[status]


def domain(stage: str) -> Sign:
    return _DOMAINS.get(stage) or Sign("dot", "quiet", stage.replace("_", " ").capitalize())


def price_of_applying(sdk: str, stage: str | None) -> str:
    """What it costs to bring staged changes to the Hub now."""
    if sdk == "static":
        return "Applying costs nothing: a static Space has nothing to restart."
    if stage in {"PAUSED", "SLEEPING", "STOPPED", "NO_APP_FILE"}:
        return "Applying restarts nothing: the app does not run, and stays so."
    return (
        "Applying costs one restart: the app is away for a moment, and what it wrote to its own disk is lost."
        " Volumes keep what they hold."
    )


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


def ahead(at: datetime, now: datetime) -> str:
    return f"in {duration(max(0.0, (at - now).total_seconds()))}"


def program(user_agent: str) -> str:
    """What a session's program calls itself, as short as people know it."""
    for mark, name in _PROGRAMS:
        if mark in user_agent:
            system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
            return f"{name} on {system}" if system else name
    return user_agent or "unknown"


def sleep(seconds: int) -> str:
    if seconds < 0:
        return "never"
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds % size == 0), f"{seconds} s")


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


def usd_per_hour(micro_usd_per_minute: int) -> str:
    """Of a price as the Hub tells it, in millionths of a dollar."""
    return usd(micro_usd_per_minute * 60 / 1_000_000) if micro_usd_per_minute else "free"


def revision(revision: str) -> str:
    """A commit or the digest of an archive, as long as one needs to tell it from another."""
    return revision.removeprefix("sha256:")[:7]


def let_go(deployment: Deployment) -> str:
    """Of a log whose lines are not kept any more; "" of any other."""
    if deployment.log_pruned_at is None:
        return ""
    had, gone = f"{deployment.log_count:,}", f"{deployment.log_pruned_at:%Y-%m-%d}"
    return f"The lines of this log, {had} in number, are not kept any more: they were let go on {gone}."


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
