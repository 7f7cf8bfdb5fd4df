"""Events as sentences. Each begins behind the name of who did it: **Ada** deployed #12."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spaceport.dashboard import words
from spaceport.dashboard.words import Sign
from spaceport.events.model import Event

Data = Mapping[str, Any]

_ACTORS = {"worker": "Spaceport", "reconcile": "Spaceport", "hub": "Somebody on the Hub"}
_SHOWN_KEYS = 5


@dataclass(frozen=True)
class Sentence:
    """`who` did `what`; `why` is more about it where there is more. `about`: who is the deployment itself."""

    who: str
    what: str
    why: str
    at: datetime
    sign: Sign
    deployment_id: str | None
    number: int | None
    about: bool


def sentence(event: Event, people: Mapping[str, str], numbers: Mapping[str, int]) -> Sentence:
    told = _TOLD.get(event.kind) or _unknown(event.kind)
    number = numbers.get(event.deployment_id or "")
    by = f" by {people[event.actor]}" if told.about and event.actor in people else ""
    return Sentence(
        who=f"Deployment #{number}" if told.about else _who(event.actor, people),
        what=told.what(event.data) + by,
        why=told.why(event.data),
        at=event.at,
        sign=Sign(told.icon, told.tone, ""),
        deployment_id=event.deployment_id,
        number=number,
        about=told.about,
    )


def known(kind: str) -> bool:
    return kind in _TOLD


@dataclass(frozen=True)
class _Told:
    icon: str
    what: Callable[[Data], str]
    why: Callable[[Data], str] = lambda _: ""
    tone: str = "quiet"
    about: bool = False


def _about(
    icon: str, what: Callable[[Data], str], why: Callable[[Data], str] = lambda _: "", tone: str = "quiet"
) -> _Told:
    """Of which the deployment itself is the subject."""
    return _Told(icon, what, why, tone, about=True)


def _plain(text: str) -> Callable[[Data], str]:
    return lambda _: text


def _said(name: str) -> Callable[[Data], str]:
    return lambda data: str(data.get(name) or "")


def _entry(kind: str, verb: str) -> Callable[[Data], str]:
    return lambda data: (
        f"{verb} the {kind} {data['key']}"
        + (f", bringing version {data['restored']} back" if "restored" in data else "")
    )


def _who(actor: str, people: Mapping[str, str]) -> str:
    if actor.startswith("dlv_"):
        return "A push"
    return _ACTORS.get(actor) or people.get(actor) or ("A deploy token" if actor.startswith("dtk_") else "Somebody")


def _unknown(kind: str) -> _Told:
    """Of a kind that nobody has put into words."""
    return _Told("dot", _plain(f"noted: {kind.replace('.', ' ').replace('_', ' ')}"))


def _queued(data: Data) -> str:
    if data["trigger"] == "rollback":
        return "asked for an earlier release to be put back"
    if data["trigger"] == "webhook":
        return "asked for a deployment"
    return f"asked for a deployment ({words.trigger(data['trigger'])})"


def _approved(data: Data) -> str:
    revision = data.get("revision")
    return f"approved revision {words.revision(revision)}" if revision else "approved the deployment"


def _live(data: Data) -> str:
    return f"went live as release v{data['release']}" if "release" in data else "went live"


def _changes(data: Data) -> str:
    before = data.get("before", {})
    return "; ".join(f"{key.replace('_', ' ')} {before.get(key)} → {value}" for key, value in data["changed"].items())


def _updated(data: Data) -> str:
    names = {"auto_deploy": "deploying by itself", "health": "the health check", "budgets": "the time budgets"}
    changed = [names.get(name, f"the {name.replace('_', ' ')}") for name in data["changed"]]
    return f"changed {_listed(changed)}"


def _rules(data: Data) -> str:
    rules = data["rules"]
    if not rules:
        return "set the deploy rules back to the usual ones"
    if lock := rules.get("lock"):
        return f"set the deploy rules, with a lock: {lock['reason']}"
    return f"set the deploy rules: {_listed([name.replace('_', ' ') for name in rules])}"


def _applied(data: Data) -> str:
    names = [f"{each['kind']} {each['key']}" for each in data["applied"]]
    refused = len(data["refused"])
    return f"applied {_listed(names) if names else 'nothing'}" + (f"; the Hub refused {refused}" if refused else "")


def _drift(data: Data) -> str:
    return _listed([each["field"].replace("_", " ") for each in data["differences"]])


def _listed(names: list[str]) -> str:
    shown = names[:_SHOWN_KEYS]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _canceled_too(data: Data) -> str:
    count = len(data.get("canceled_deployments") or ())
    return f"{count} deployment under way was canceled." if count else ""


_TOLD: dict[str, _Told] = {
    "deployment.queued": _Told("rocket", _queued),
    "deployment.cancel_requested": _Told("stop", _plain("told the deployment to stop")),
    "deployment.approved": _Told("check", _approved, tone="good"),
    "deployment.pushing": _about("spinner", _plain("began to push")),
    "deployment.building": _about("spinner", _plain("is pushed, and the Hub builds it")),
    "deployment.starting": _about("spinner", _plain("is built, and the app starts")),
    "deployment.verifying": _about("spinner", _plain("runs, and its health is checked")),
    "deployment.succeeded": _about("check", _live, tone="good"),
    "deployment.failed": _about("cross", _plain("failed"), _said("reason"), "bad"),
    "deployment.canceled": _about("stop", _plain("was canceled"), _said("reason")),
    "deployment.superseded": _about("skip", _plain("was superseded"), _said("reason")),
    "deployment.held": _about("clock", _plain("waits for the Hub's quota"), _said("reason"), "busy"),
    "deployment.unstuck": _about("retry", _plain("had lost its job and goes on")),
    "deployment.settled": _about("alert", _plain("left something behind"), _said("left")),
    "deployment.release_job_started": _about("spinner", lambda data: f"started its {data['phase']} job"),
    "deployment.release_job_ended": _about("dot", lambda data: f"saw its {data['phase']} job end as {data['stage']}"),
    "configuration.applied": _Told("settings", _applied),
    "volumes.set": _Told("box", lambda data: f"set {len(data['volumes'])} volumes"),
    "volumes.deleted": _Told("box", _plain("took all volumes away")),
    "space.created": _Told("plus", _plain("created the Space")),
    "space.adopted": _Told("plus", _plain("took the Space over from the Hub")),
    "space.updated": _Told("settings", _updated),
    "space.settings_changed": _Told("settings", _plain("changed the settings"), _changes),
    "space.visibility_changed": _Told("person", lambda data: f"made the Space {data['visibility']}"),
    "space.moved": _Told("out", lambda data: f"moved the Space here from {data['moved_from']}"),
    "space.duplicated": _Told("copy", lambda data: f"copied the Space to {data['copy']}"),
    "space.deleted": _Told("stop", _plain("stopped managing the Space")),
    "space.paused": _Told("pause", _plain("paused the Space"), _canceled_too),
    "space.restarted": _Told(
        "retry", lambda data: "restarted the Space" + (" from scratch" if data.get("factory_reboot") else "")
    ),
    "space.drifted": _Told("alert", lambda data: f"saw that the Space differs on the Hub: {_drift(data)}", tone="busy"),
    "space.drift_resolved": _Told("check", lambda data: f"saw the difference gone: {_drift(data)}", tone="good"),
    "delivery.redelivered": _Told("retry", _plain("had a push decided about again")),
    "source.moved": _Told("git", lambda data: f"saw that {data['ref']} has moved", _said("reason")),
    "hook.created": _Told("git", lambda data: f"made a hook for {data['repository']}"),
    "hook.installed": _Told("git", lambda data: f"installed the hook of {data['repository']} on the host"),
    "hook.secret_rotated": _Told("key", lambda data: f"changed the secret of the hook of {data['repository']}"),
    "hook.deleted": _Told("stop", lambda data: f"deleted the hook of {data['repository']}"),
    "deploy_rules.set": _Told("settings", _rules),
    "deploy_token.created": _Told("key", lambda data: f"made the deploy token “{data['name']}”"),
    "deploy_token.revoked": _Told("key", lambda data: f"revoked the deploy token “{data['name']}”"),
} | {
    f"{kind}.{what}": _Told("key" if kind == "secret" else "settings", _entry(kind, verb))
    for kind in ("secret", "variable")
    for what, verb in {
        "set": "set",
        "deleted": "deleted",
        "restored": "set",
        "discarded": "discarded the staged change of",
        "found_on_hub": "had set",
        "changed_on_hub": "changed",
        "deleted_on_hub": "deleted",
    }.items()
}
