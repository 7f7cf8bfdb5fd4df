"""Where a job's command runs: in a bare interpreter, in a Space's build, or in a Docker engine's image."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from localhub import hardware
from localhub.git import write
from localhub.jobs import uv
from localhub.jobs.model import Job, Spec
from localhub.runner import dockerfile, emulator, engine, environment, loopback
from localhub.runner.builds import BuildFailed, Launch, Order
from localhub.runner.dockerfile import DockerfileError
from localhub.runner.log import Log
from localhub.runner.workshop import Workshop
from localhub.spaces.model import Space


class Unrunnable(Exception):
    """The message says why the command cannot be started here."""


@dataclass(frozen=True)
class Site:
    """What one job is prepared from: its empty folder and its log."""

    job: Job
    folder: Path
    log: Log


async def prepare(site: Site, workshop: Workshop) -> Launch:
    """Raises Unrunnable."""
    spec = site.job.spec
    site.folder.mkdir(parents=True)
    try:
        if "spaceId" in spec:
            return await _in_space(site, workshop)
        if workshop.docker:
            return engine.command(spec["dockerImage"], _words(spec), site.folder, _environment(site.job))
        return await _in_interpreter(site, workshop)
    except (BuildFailed, DockerfileError) as error:
        raise Unrunnable(str(error)) from error


async def _in_interpreter(site: Site, workshop: Workshop) -> Launch:
    spec, say = site.job.spec, site.log.write
    recipe = uv.read(spec["dockerImage"], _words(spec))
    python = emulator.interpreter(recipe.python or dockerfile.python_version(recipe.image), say)
    venv = await uv.install(recipe, python, workshop.venvs, say)
    workshop.own(site.folder)
    env = _home(site.folder, venv) | _environment(site.job)
    return Launch(recipe.command or ("python3",), site.folder, env, workshop.uid)


async def _in_space(site: Site, workshop: Workshop) -> Launch:
    space = workshop.store.find(site.job.spec["spaceId"])
    if space is None or (space.private and space.owner != site.job.owner):
        raise Unrunnable(f"Space {site.job.spec['spaceId']} not found")
    if space.sdk != "docker":
        raise Unrunnable(f"localhub runs jobs in docker Spaces only, and {space.repo_id} is a {space.sdk} Space")
    order = _order(site, space, workshop.uid)
    await asyncio.to_thread(write.checkout, workshop.repository(space), space.head, order.context)
    order.root.mkdir(parents=True)
    words, env = _words(site.job.spec), _environment(site.job)
    if workshop.docker:
        image = await engine.build(order)
        return engine.command(image.tag, words, site.folder, env)
    built = await emulator.build(order, workshop.venvs, workshop.stubs)
    launch = built.launch(app_port=space.app_port, port=loopback.free_port(), env=env, mounts=())
    return replace(launch, command=words or launch.command)


def _order(site: Site, space: Space, uid: int | None) -> Order:
    return Order(
        repo_id=space.repo_id,
        commit=space.head,
        context=site.folder / "context",
        recipe=site.folder / "context" / "Dockerfile",
        root=site.folder / "root",
        variables=environment.values(space.variables),
        # The Space's own secrets stay with it: a job brings its own.
        secrets=site.job.spec.get("secrets", {}),
        say=site.log.write,
        factory=False,
        uid=uid,
    )


def _words(spec: Spec) -> tuple[str, ...]:
    return (*spec.get("command", ()), *spec.get("arguments", ()))


def _home(folder: Path, venv: Path) -> dict[str, str]:
    return {"PATH": f"{venv}/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder), "VIRTUAL_ENV": str(venv)}


def _environment(job: Job) -> dict[str, str]:
    flavor = hardware.JOB_FLAVORS[job.spec["flavor"]]
    facts = {
        "JOB_ID": job.id,
        "ACCELERATOR": "none" if flavor.accelerator is None else job.spec["flavor"],
        "CPU_CORES": str(flavor.cpus),
        "MEMORY": f"{flavor.ram}Gi",
    }
    given: dict[str, str] = job.spec.get("environment", {}) | job.spec.get("secrets", {})
    return facts | given
