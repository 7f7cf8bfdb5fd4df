"""Job 1: fetch the source and make the Space hold exactly its files, in one commit."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from spaceport.deployments import fetch, mirror, phases
from spaceport.deployments.configure import configure
from spaceport.deployments.model import ROLLBACK
from spaceport.deployments.pipeline import ancestry
from spaceport.deployments.prepare import prepare
from spaceport.deployments.states import Status
from spaceport.deployments.step import Ended, Step
from spaceport.deployments.stop import COMMIT_ON_ITS_WAY, RESTART_ON_ITS_WAY, RESTARTED, left_after_push
from spaceport.hub import Head, HubFailure
from spaceport.hub.model import BUILDING_STAGES, STARTING_STAGES
from spaceport.jobs.model import JobKind
from spaceport.sources import files
from spaceport.sources.model import Fetched
from spaceport.spaces import moving
from spaceport.spaces.model import Sdk, Space
from spaceport.spaces.release_jobs import Phase

MAX_RACES = 3


async def push(step: Step) -> None:
    if step.deployment.status is Status.QUEUED:
        await step.advance(Status.PUSHING)
    elif sha := await step.call(step.hub.find_commit, step.repo_id, step.marker):
        # An earlier run of this job pushed, and its answer or its worker was lost.
        await _pushed(step, sha, new=True)
        return
    async with _working_folder(step) as folder:
        fetched = await fetch.fetch(step, folder)
        await _record_revision(step, fetched)
        await ancestry.require_news(step, fetched)
        await _prepare(step, fetched.path)
        if phases.awaited(step, Phase.PRE_DEPLOY):
            await step.hand_to(JobKind.PRE_DEPLOY)
            return
        if step.deployment.trigger != ROLLBACK:
            await configure(step)
        for race in range(1, MAX_RACES + 1):
            try:
                await _mirror(step, fetched)
            except HubFailure as failure:
                if failure.status != 412 or race == MAX_RACES:
                    raise
                if sha := await step.call(step.hub.find_commit, step.repo_id, step.marker):
                    # It was an earlier run of this very job, whose commit arrived late.
                    await _pushed(step, sha, new=True)
                    return
                await step.say("Somebody else committed to the Space meanwhile; starting from the new head.")
            else:
                return


@contextlib.asynccontextmanager
async def _working_folder(step: Step) -> AsyncIterator[Path]:
    """Made and removed off the event loop: a source may be thousands of files."""
    work = fetch.work(step.instance)
    folder = work / f"{step.deployment.id}-{step.claim.epoch}"

    def make() -> None:
        for killed in work.glob(f"{step.deployment.id}-*"):
            shutil.rmtree(killed, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    try:
        await step.call(make)
        yield folder
    finally:
        # A commit that is still being sent reads from it.
        step.afterwards(_remove, folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


async def _record_revision(step: Step, fetched: Fetched) -> None:
    def change(_: Any, deployment: Any) -> None:
        # Fetched again, it is asked for by its id.
        deployment.revision, deployment.ref = fetched.revision, deployment.ref or fetched.ref
        deployment.commit_message, deployment.commit_author = fetched.message, fetched.author

    await step.write(change)
    await step.say(f"Fetched revision {fetched.revision}.")
    if fetched.submodules:
        await step.say(f"Submodules are not fetched: {', '.join(fetched.submodules[:5])}.")
    if fetched.lfs_pointers:
        raise Ended(
            "lfs_pointers",
            f"The source holds Git LFS pointers instead of the files: {', '.join(fetched.lfs_pointers[:5])}.",
            "Keep large files in a Hub model or dataset repository, or upload an archive with the real files.",
        )


async def _prepare(step: Step, folder: Path) -> None:
    space = step.claim.space
    for note in await step.call(prepare, folder, sdk=space.sdk, title=space.name):
        await step.say(note)


async def _mirror(step: Step, fetched: Fetched) -> None:
    head = await step.call(step.hub.head, step.repo_id)
    await _take_note(step, head)
    remote = await step.call(step.hub.files, step.repo_id) if head.sha else []
    plan = await step.call(_plan, fetched.path, remote)
    if plan.empty:
        await _unchanged(step, head)
        return
    await step.say(f"Pushing {len(plan.add)} changed files, deleting {len(plan.delete)}.")
    sha = await step.call(_commit, step, head, plan, fetched)
    await _pushed(step, sha, new=True)


async def _take_note(step: Step, head: Head) -> None:
    """Raises Ended for a paused Space: it was stopped on purpose, and would not build what is pushed to it."""
    if head.runtime is not None and head.runtime.stage == "PAUSED":
        raise Ended(
            "space_paused",
            "The Space is paused and would not build what is pushed, so nothing was.",
            f"Restart it with POST /api/v1/spaces/{step.repo_id}/restart, then deploy again.",
        )
    if head.host != step.claim.space.host:
        await step.write(
            lambda session, _: moving.answers_at(session, session.get_one(Space, step.claim.space.id), head)
        )


def _plan(folder: Path, remote: list[Any]) -> mirror.Plan:
    return mirror.plan({path: folder / path for path, _ in files.manifest(folder)}, remote)


def _commit(step: Step, head: Head, plan: mirror.Plan, fetched: Fetched) -> str:
    step.left = COMMIT_ON_ITS_WAY
    try:
        sha = step.hub.commit(
            step.repo_id,
            add=plan.add,
            delete=plan.delete,
            title=_title(step, fetched)[:72],
            description=f"Revision: {fetched.revision}\n{step.marker}",
            parent=head.sha,
        )
    except HubFailure as failure:
        if not failure.effect_unknown:
            step.left = step.untouched
        raise
    step.landed, step.left = sha, left_after_push(sha)
    return sha


def _title(step: Step, fetched: Fetched) -> str:
    if step.deployment.trigger == ROLLBACK:
        return f"Put {fetched.revision[:7]} back"
    first_line = (fetched.message or "").strip().splitlines()[:1]
    return first_line[0] if first_line else f"Deploy {fetched.revision[:19]}"


async def _unchanged(step: Step, head: Head) -> None:
    assert head.sha is not None
    await step.say(f"The Space already holds exactly these files, in commit {head.sha[:7]}; no new commit.")
    runtime = head.runtime
    settled = runtime is not None and (
        runtime.stage in BUILDING_STAGES | STARTING_STAGES or (runtime.stage == "RUNNING" and runtime.sha == head.sha)
    )
    if not settled and step.claim.space.sdk is not Sdk.STATIC:
        await step.say("It does not serve that commit, so it is restarted.")
        await step.call(_restart, step)
    await _pushed(step, head.sha, new=False)


def _restart(step: Step) -> None:
    step.left = RESTART_ON_ITS_WAY
    try:
        step.hub.restart(step.repo_id)
    except HubFailure as failure:
        if not failure.effect_unknown:
            step.left = step.untouched
        raise
    step.left = RESTARTED


async def _pushed(step: Step, sha: str, *, new: bool) -> None:
    if new:
        step.left = left_after_push(sha)
        await step.say(f"Pushed as commit {sha[:7]}.")
    await step.advance(Status.BUILDING, next_job=JobKind.BUILD, hub_sha=sha, pushed=new)
