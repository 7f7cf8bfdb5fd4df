"""Where a job's command runs: in a bare interpreter, in a Space's build, or in a Docker engine's image."""

from dataclasses import dataclass, replace
from pathlib import Path

from localhub import hardware
from localhub.jobs import uv
from localhub.jobs.model import Job, Spec
from localhub.runner import bench, dockerfile, emulator, engine, volumes
from localhub.runner.builds import BuildFailed, Image, Launch, Mount
from localhub.runner.dockerfile import DockerfileError
from localhub.runner.log import Log
from localhub.runner.paths import Paths
from localhub.runner.workshop import Workshop


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
    given = spec.get("volumes", [])
    mounts = await volumes.mounts(workshop, site.job.owner, given, site.folder / "volumes", site.log)
    try:
        image = await _image(site, workshop, mounts)
    except (BuildFailed, DockerfileError) as error:
        raise Unrunnable(str(error)) from error
    ports = (spec.get("expose") or {}).get("ports") or []
    if isinstance(image, engine.Image):
        return image.run(_words(spec), ports=ports, env=_environment(site.job), mounts=mounts)
    # An exposed port stays what it is, but on the loopback alone.
    port = ports[0] if ports else 7860
    return image.launch(app_port=port, port=port, env=_environment(site.job), mounts=mounts)


async def _image(site: Site, workshop: Workshop, mounts: list[Mount]) -> Image:
    spec = site.job.spec
    if "spaceId" in spec:
        image = await _of_space(site, workshop)
        words = _words(spec)
        return replace(image, command=words) if words and isinstance(image, emulator.Image) else image
    if workshop.docker:
        return engine.Image(spec["dockerImage"], site.folder)
    return await _bare(site, workshop, mounts)


async def _bare(site: Site, workshop: Workshop, mounts: list[Mount]) -> Image:
    spec, root = site.job.spec, site.folder / "root"
    recipe = uv.read(spec["dockerImage"], _words(spec), mounts)
    version = recipe.python or dockerfile.python_version(recipe.image)
    python = emulator.interpreter(version, site.log.write)
    venv = await uv.install(recipe, python, workshop.venvs, site.log.write)
    env = emulator.base_env(venv, root)
    workshop.own(root)
    return emulator.Image(recipe.command or ("python3",), root, env, Paths(root, venv / "bin"), workshop.uid)


async def _of_space(site: Site, workshop: Workshop) -> Image:
    space = workshop.store.find(site.job.spec["spaceId"])
    if space is None or (space.private and space.owner != site.job.owner):
        raise Unrunnable(f"Space {site.job.spec['spaceId']} not found")
    image = await bench.build(workshop, space, space.head, site.folder, site.log, factory=False)
    if image is None:
        raise Unrunnable(f"there is nothing to run in {space.repo_id}, which is a {space.sdk} Space")
    return image


def _words(spec: Spec) -> tuple[str, ...]:
    return (*spec.get("command", ()), *spec.get("arguments", ()))


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
