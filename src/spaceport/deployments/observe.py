"""Judging what the Hub says about a Space after we pushed to it. Pure: stages in, verdict out.

A `RUNNING` stage alone proves nothing: right after a push it may still speak of the old commit, and an error
stage may be left over from before (the Hub's contract, sections 6 and 7.2).
"""

from dataclasses import dataclass
from enum import StrEnum

from spaceport.hub import Runtime
from spaceport.hub.model import BUILDING_STAGES, ERROR_STAGES, IDLE_STAGES, STARTING_STAGES

# An error stage without a sign of our own build counts only after it has stood this long, in seconds.
STALE_ERROR_AFTER = 120.0


class Verdict(StrEnum):
    UNSETTLED = "unsettled"
    BUILDING = "building"
    STARTING = "starting"
    SERVING = "serving"
    FAILED = "failed"


@dataclass(frozen=True)
class Observation:
    """`evidence` says what a verdict of serving rests on; the others carry a reason where they are final."""

    verdict: Verdict
    code: str = ""
    reason: str = ""
    fix: str = ""
    evidence: str = ""


_FAILURES = {
    "NO_APP_FILE": (
        "no_app_file",
        "The Hub found nothing to run in the pushed files.",
        "Add a Dockerfile (docker), the app_file of the README (gradio) or an index.html (static).",
    ),
    "CONFIG_ERROR": (
        "config_error",
        "The Hub cannot use the Space's configuration.",
        "Check the YAML block at the top of README.md, and that no variable and secret share a name.",
    ),
    "BUILD_ERROR": ("build_failed", "The build failed.", "Read the end of the build log, fix it and deploy again."),
    "RUNTIME_ERROR": (
        "app_failed",
        "The app stopped or did not start to listen.",
        "Read the app's log; it must listen on 0.0.0.0 at the app_port of the README (7860 by default).",
    ),
}


def judge(runtime: Runtime, *, ours: str, seen_ours: bool, waited: float) -> Observation:
    """What `runtime` means for our commit.

    `seen_ours`: a log line of our build, or a building or starting stage, was observed since the push.
    `waited`: seconds since the push.
    """
    stage, is_ours = runtime.stage, runtime.sha == ours
    if stage in BUILDING_STAGES:
        return Observation(Verdict.BUILDING)
    if stage in STARTING_STAGES:
        return Observation(Verdict.STARTING)
    if stage == "RUNNING" or stage in IDLE_STAGES:
        return _served(runtime, is_ours=is_ours, seen_ours=seen_ours)
    if stage in ERROR_STAGES:
        if is_ours or seen_ours or waited >= STALE_ERROR_AFTER:
            return _failed(runtime)
        return Observation(Verdict.UNSETTLED)
    return _stopped(stage)


def _served(runtime: Runtime, *, is_ours: bool, seen_ours: bool) -> Observation:
    if is_ours:
        return Observation(Verdict.SERVING, evidence="the Hub's runtime names the pushed commit")
    if runtime.sha is None and seen_ours and runtime.stage == "RUNNING":
        return Observation(
            Verdict.SERVING,
            evidence="the Hub did not name the commit it serves; a build was seen after the push and it is running now",
        )
    return Observation(Verdict.UNSETTLED)


def _failed(runtime: Runtime) -> Observation:
    code, reason, fix = _FAILURES[runtime.stage]
    said = f" The Hub said: {runtime.error}" if runtime.error else ""
    return Observation(Verdict.FAILED, code, reason + said, fix)


def _stopped(stage: str) -> Observation:
    if stage == "PAUSED":
        return Observation(
            Verdict.FAILED,
            "space_paused",
            "The files are pushed, but the Space is paused and does not build until it is restarted.",
            "Restart the Space; it then builds what was pushed. Deploy again to have it verified.",
        )
    if stage == "DELETING":
        return Observation(Verdict.FAILED, "space_deleted", "The Space is being deleted on the Hub.", "")
    return Observation(Verdict.UNSETTLED)
