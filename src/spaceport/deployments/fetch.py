"""Bringing the deployment's revision into a folder, whatever kind of source it has."""

import shutil
from pathlib import Path

from pydantic import TypeAdapter

from spaceport.deployments.model import Deployment
from spaceport.deployments.step import Step
from spaceport.hub import Hub
from spaceport.instance import Instance
from spaceport.sources import archives, files, git
from spaceport.sources.git_cache import Cache
from spaceport.sources.limits import DEFAULT, Limits
from spaceport.sources.model import Fetched, GitSource, Source, SpaceSource, UploadSource
from spaceport.spaces.model import Space
from spaceport.spaces.release_jobs import Phase
from spaceport.uploads import commands as uploads

_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


async def fetch(step: Step, work: Path) -> Fetched:
    """Raises the errors of the sources package, each with its own code and fix."""
    return await step.call(_fetch, step, _pinned(step), work)


def _pinned(step: Step) -> Source:
    """The deployment's source; once a pre-deploy job has run, at the very revision that it was run for."""
    source = _SOURCE.validate_python(step.deployment.source)
    run = step.deployment.release_runs.get(Phase.PRE_DEPLOY)
    if run is None or isinstance(source, UploadSource):
        return source
    field = "ref" if isinstance(source, GitSource) else "revision"
    return source.model_copy(update={field: run.revision})


def _fetch(step: Step, source: Source, work: Path) -> Fetched:
    folder = work / "source"
    match source:
        case GitSource():
            stopped, policy = step.given_up.is_set, step.instance.egress
            known = token(step)
            return git.fetch(source, folder, token=known, policy=policy, cancelled=stopped, cache=cache(step, known))
        case UploadSource():
            return _unpack(step, source, work)
        case SpaceSource():
            return copy_space(step.hub, source, folder)


def copy_space(hub: Hub, source: SpaceSource, folder: Path, *, limits: Limits = DEFAULT) -> Fetched:
    """Another Space's files. What is too much is refused before any of it is fetched."""
    sha, sizes = hub.sizes(source.repo_id, source.revision)
    files.check_totals(len(sizes), sum(sizes), limits)
    hub.download(source.repo_id, sha, folder)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return Fetched(folder, sha, source.revision, None, f"From {source.repo_id}", None)


def cached(instance: Instance) -> Path:
    """Where commits of Git repositories are kept."""
    return instance.settings.data_dir / "repositories"


def work(instance: Instance) -> Path:
    """Where each deployment has a folder while its source is fetched and pushed."""
    return instance.settings.data_dir / "work"


def token(step: Step) -> str | None:
    space = step.claim.space
    if space.sealed_source_token is None or not _is_the_spaces(step.deployment, space):
        return None
    return step.instance.sealer.open(space.sealed_source_token, context=space.source_token_context)


def cache(step: Step, known: str | None) -> Cache:
    """What was read with a token is for the same team with the same token."""
    reader = step.instance.sealer.digest(f"source:{step.deployment.team_id}\n{known or ''}")
    return Cache(cached(step.instance), reader)


def _is_the_spaces(deployment: Deployment, space: Space) -> bool:
    """Whether it is the source that the token was given with: a delivery chose at most another ref of it."""
    own = dict(space.source or {})
    if deployment.trigger == "webhook":
        own["ref"] = deployment.source.get("ref")
    return deployment.source == own


def _unpack(step: Step, source: UploadSource, work: Path) -> Fetched:
    archive = work / "archive"
    with step.instance.database.unit_of_work() as session, archive.open("wb") as file:
        upload = uploads.read(session, step.deployment.team_id, source.upload_id, file)
    root = work / "source"
    archives.unpack(archive, root)
    folder = files.select(root, source.folder)
    return Fetched(
        path=folder,
        revision=f"sha256:{upload.sha256}",
        ref=None,
        author=None,
        message=None,
        committed_at=upload.created_at,
        lfs_pointers=files.lfs_pointers(folder, files.manifest(folder)),
    )
