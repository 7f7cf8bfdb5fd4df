"""Builds and runs with a Docker engine, through its own command line."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localhub.runner import process
from localhub.runner.builds import BuildFailed, Launch, Mount, Order


@dataclass(frozen=True)
class Image:
    tag: str
    folder: Path

    def run(
        self, words: Sequence[str], *, ports: Sequence[int], env: dict[str, str], mounts: Sequence[Mount]
    ) -> Launch:
        """Words, or the image's own command when there are none, in a container of their own."""
        client = _client_env()
        given = [part for name in env if name not in client for part in ("--env", name)]
        given += [part for port in ports for part in ("--publish", f"127.0.0.1:{port}:{port}")]
        given += [part for mount in mounts for part in ("--volume", _volume(mount))]
        entry = ("--entrypoint", words[0]) if words else ()
        command = ("docker", "run", "--rm", "--init", *given, *entry, self.tag, *words[1:])
        return Launch(command, self.folder, env | client)

    def launch(self, *, app_port: int, port: int, env: dict[str, str], mounts: Sequence[Mount]) -> Launch:
        # By name only: the values travel in the client's environment and never in an argument list.
        client = _client_env()
        given = [part for name in env if name not in client for part in ("--env", name)]
        publish = f"127.0.0.1:{port}:{app_port}"
        given += [part for mount in mounts for part in ("--volume", _volume(mount))]
        command = ("docker", "run", "--rm", "--init", "--publish", publish, *given, self.tag)
        return Launch(command, self.folder, env | client)


async def answers() -> bool:
    """Whether a Docker engine can be reached."""
    try:
        code = await asyncio.wait_for(_quiet(("docker", "version")), 5)
    except TimeoutError:
        return False
    return code == 0


async def build(order: Order) -> Image:
    tag = f"localhub/{order.repo_id.lower()}:{order.commit[:12]}"
    env = order.variables | _client_env()
    with tempfile.TemporaryDirectory(prefix="localhub-secrets-") as vault:
        secrets = _secret_files(order.secrets, Path(vault))
        arguments = [part for name in order.variables for part in ("--build-arg", name)]
        fresh = ["--no-cache"] if order.factory else []
        command = ["docker", "build", "--progress=plain", "--file", str(order.recipe), "--tag", tag]
        command += [*fresh, *arguments, *secrets, "."]
        code = await process.run(command, folder=order.context, env=env, on_line=order.say)
    if code:
        raise BuildFailed(f"Job failed with exit code: {code}. Reason: see the build log")
    return Image(tag, order.root)


def _volume(mount: Mount) -> str:
    return f"{mount.source}:{mount.path}{':ro' if mount.read_only else ''}"


def _secret_files(values: dict[str, str], vault: Path) -> list[str]:
    options = []
    for name, value in values.items():
        file = vault / name
        file.touch(mode=0o600)
        file.write_text(value)
        options += ["--secret", f"id={name},src={file}"]
    return options


async def _quiet(command: Sequence[str]) -> int:
    return await process.run(command, folder=Path("/"), env=_client_env(), on_line=lambda _line: None)


def _client_env() -> dict[str, str]:
    """What the docker client needs to find its engine."""
    names = (
        "PATH",
        "HOME",
        "DOCKER_HOST",
        "DOCKER_CONTEXT",
        "DOCKER_CONFIG",
        "DOCKER_CERT_PATH",
        "DOCKER_TLS_VERIFY",
    )
    return {name: os.environ[name] for name in names if name in os.environ} | {"DOCKER_BUILDKIT": "1"}
