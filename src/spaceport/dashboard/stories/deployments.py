"""One deployment, its log, and many in a list."""

from datetime import datetime, timedelta
from typing import Any

from spaceport.dashboard import words
from spaceport.dashboard.stories import samples
from spaceport.dashboard.stories.story import DEPLOYER, EVERYTHING, VIEWER, Story
from spaceport.deployments import timeline
from spaceport.deployments.model import Deployment, LogLine
from spaceport.deployments.states import Status
from spaceport.spaces import gates
from spaceport.spaces.deploy_rules import Lock

_USUAL = {"Waiting": 0.4, "Push": 3.0, "Build": 41.0, "Start": 6.0, "Health check": 5.0}
_LINES = (
    ("push", "Fetched main of https://git.example/acme/demo at 4f2a9c1"),
    ("push", "One commit with 14 files: 2 changed, 1 deleted"),
    ("build", "Step 4/7 : RUN pip install --no-cache-dir -r requirements.txt"),
    ("build", "ERROR: No matching distribution found for torch==2.99 (from versions: 2.7.0, 2.7.1, 2.8.0)"),
    ("build", "<b>Not bold</b>, and a line without any place to break: " + "sha256:" + samples.COMMIT * 3),
    ("run", "INFO:     Uvicorn running on http://0.0.0.0:7860"),
)


def stories(now: datetime) -> list[Story]:
    return [*_each(now), *_lists(now), *_logs(now)]


def _each(now: datetime) -> list[Story]:
    waiting, building, live = (
        samples.deployment(each, now) for each in (Status.QUEUED, Status.BUILDING, Status.SUCCEEDED)
    )
    approval = _waiting(gates.APPROVAL, now)
    stopped = samples.deployment(Status.BUILDING, now, cancel_requested_at=now)
    lock = Lock(reason="the fair is on", expires_at=now + timedelta(hours=4))
    frozen = {"frozen_until": now + timedelta(hours=1)}
    newest = {"space": samples.space(release_count=7)}
    return [
        _one(words.status(waiting.status).word + " behind another one", waiting, now),
        *(
            _one(words.status(status).word, samples.deployment(status, now), now)
            for status in Status
            if status not in (Status.QUEUED, Status.SUCCEEDED)
        ),
        _one("Went live, the newest release", live, now, **newest),
        _one("Went live, an earlier release", live, now),
        _one("Waits for approval", approval, now),
        _one("Waits for approval by somebody else", approval, now, **DEPLOYER),
        _one("Waits for approval while the Space is locked", approval, now, lock=lock),
        _one("Waits for the end of a freeze", _waiting(gates.FREEZE, now), now, **frozen),
        _one("Told to stop", stopped, now),
        _one("Under way, for a viewer", building, now, **VIEWER),
    ]


def _one(title: str, deployment: Deployment, now: datetime, **facts: Any) -> Story:
    steps = timeline.steps(deployment, _USUAL, now)
    usual = {"space": samples.space(), "lock": None, "frozen_until": None} | EVERYTHING
    return Story("deployment", title, usual | {"deployment": deployment, "steps": steps} | facts)


def _waiting(gate: str, now: datetime, **facts: Any) -> Deployment:
    source = samples.GIT | {"ref": samples.COMMIT}
    return samples.deployment(Status.QUEUED, now, waiting_for=gate, source=source, **facts)


def _lists(now: datetime) -> list[Story]:
    found = [_waiting(gates.APPROVAL, now, id="dep_approval", number=14)]
    found += [samples.deployment(status, now, number=13 - i) for i, status in enumerate(Status)]
    context = {"space": samples.space(), "deployments": found}
    return [
        Story("deployments", "In every status, the newest waiting for approval", context | EVERYTHING),
        Story("deployments", "Many, for a deployer, who may not approve", context | DEPLOYER),
        Story("deployments", "Many, for a viewer", context | VIEWER),
    ]


def _logs(now: datetime) -> list[Story]:
    building = samples.deployment(Status.BUILDING, now)
    over = samples.deployment(Status.FAILED, now)
    gone = samples.deployment(Status.FAILED, now, log_count=812, log_pruned_at=now)
    lines = [
        LogLine(deployment_id="dep_failed", seq=i, step=step, at=now - timedelta(seconds=90 - 9 * i), line=line)
        for i, (step, line) in enumerate(_LINES, start=4001)
    ]
    return [
        Story("log", "Live and still empty", {"deployment": building, "lines": [], "left_out": 0, "cursor": "1.0"}),
        Story("log", "Live, with lines", {"deployment": building, "lines": lines, "left_out": 0, "cursor": "1.6"}),
        Story("log", "Complete", {"deployment": over, "lines": lines, "left_out": 0, "cursor": "1.6"}),
        Story("log", "Not kept any more", {"deployment": gone, "lines": [], "left_out": 0, "cursor": "1.0"}),
        Story("log", "Its beginning left out", {"deployment": over, "lines": lines, "left_out": 4000, "cursor": "1.6"}),
    ]
