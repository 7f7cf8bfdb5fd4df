"""From a commit to something that can be started."""

import asyncio
from pathlib import Path
from typing import Any

from localhub.git import lfs, read, write
from localhub.runner import emulator, engine, environment, gradio
from localhub.runner.builds import BuildFailed, Image, Order
from localhub.runner.log import Log
from localhub.runner.workshop import Workshop
from localhub.spaces import readme
from localhub.spaces.model import Space


def problem(workshop: Workshop, space: Space, sha: str) -> tuple[str, str] | None:
    """Stage and message of what keeps a commit from being built at all. Blocks."""
    repository = workshop.repository(space)
    try:
        card = readme.front_matter(read.text(repository, sha, "README.md") or "")
    except readme.ReadmeError as error:
        return "CONFIG_ERROR", str(error)
    found = readme.problems(card) + (gradio.problems(card) if space.sdk == "gradio" else [])
    if found:
        return "CONFIG_ERROR", "; ".join(found)
    if both := space.variables.keys() & space.secrets.keys():
        return "CONFIG_ERROR", f"Collision on variables and secrets names: {', '.join(sorted(both))}"
    needed = app_file(space.sdk, card)
    return ("NO_APP_FILE", "") if needed and not read.entry(repository, sha, needed) else None


def app_file(sdk: str, card: dict[str, Any]) -> str:
    """What there is no app without; empty where anything will do."""
    return {"docker": "Dockerfile", "gradio": gradio.app_file(card)}.get(sdk, "")


async def build(workshop: Workshop, space: Space, sha: str, folder: Path, log: Log, *, factory: bool) -> Image | None:
    """Waits for its turn. None where there is nothing to run. Raises BuildFailed."""
    order = _order(workshop, space, sha, folder, log, factory=factory)
    try:
        async with workshop.benches, asyncio.timeout(workshop.config.build_timeout):
            await workshop.faults.hinder_build(space.repo_id, order.say)
            if workshop.config.stub and space.sdk != "static":
                await asyncio.to_thread(_pretend, order)
                return None
            await asyncio.to_thread(write.checkout, workshop.repository(space), order.commit, order.context)
            return None if space.sdk == "static" else await _make(workshop, space, order)
    except TimeoutError as error:
        raise BuildFailed("Job failed. Reason: the build took too long") from error
    except lfs.Missing as error:
        raise BuildFailed(f"Job failed. Reason: the large file {error} was never uploaded") from error


def _order(workshop: Workshop, space: Space, sha: str, folder: Path, log: Log, *, factory: bool) -> Order:
    context = folder / "context"
    return Order(
        repo_id=space.repo_id,
        commit=sha,
        context=context,
        # One that is not pushed lies beside the pushed files, so that COPY does not see it.
        recipe=(context if space.sdk == "docker" else folder) / "Dockerfile",
        root=folder / "root",
        variables=environment.values(space.variables),
        secrets=environment.values(space.secrets),
        say=log.write,
        factory=factory,
        uid=workshop.uid,
    )


async def _make(workshop: Workshop, space: Space, order: Order) -> Image:
    order.root.mkdir(parents=True)
    if space.sdk == "gradio":
        order.recipe.write_text(_gradio(space, order))
    if workshop.docker:
        return await engine.build(order)
    return await emulator.build(order, workshop.venvs, workshop.stubs)


def _pretend(order: Order) -> None:
    """A page in place of an app."""
    order.say("localhub: nothing is built or run here, because it was started with --stub")
    order.context.mkdir(parents=True)
    (order.context / "index.html").write_text(f"{order.repo_id} {order.commit}\n")


def _gradio(space: Space, order: Order) -> str:
    if not space.card.get("sdk_version"):
        order.say("localhub: the README names no sdk_version, the newest gradio takes its place")
    packages = order.context / "packages.txt"
    names = [file.name for file in order.context.iterdir()]
    return gradio.dockerfile(space.card, names, packages.read_text(errors="replace") if packages.is_file() else "")
