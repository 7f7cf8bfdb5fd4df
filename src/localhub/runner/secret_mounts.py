"""`RUN --mount=type=secret`: secrets that one step of a build is shown."""

from pathlib import Path, PurePosixPath

from localhub.runner.dockerfile import DockerfileError, Instruction
from localhub.runner.paths import Paths


def show(step: Instruction, secrets: dict[str, str], env: dict[str, str], paths: Paths, user: str) -> list[Path]:
    """Puts them where the step expects them, in files or in `env`. Returns the files, to be removed after it.

    `user` is whom the Dockerfile runs the step as, empty for root. Raises DockerfileError for a missing one.
    """
    files = []
    for options in _mounts(step):
        name = options.get("id") or PurePosixPath(options.get("target", "")).name
        if name not in secrets:
            if options.get("required") in {"true", ""}:
                raise DockerfileError(f"secret {name}: not found")
            continue
        if "env" in options:
            env[options["env"]] = secrets[name]
        else:
            file = paths.real(options.get("target", f"/run/secrets/{name}"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets[name])
            file.chmod(0o600 if _may_read(options, user) else 0)
            files.append(file)
    return files


def _mounts(step: Instruction) -> list[dict[str, str]]:
    values = [value for name, value in step.flags if name == "mount" and "type=secret" in value.split(",")]
    return [dict(part.partition("=")[::2] for part in value.split(",")) for value in values]


def _may_read(options: dict[str, str], user: str) -> bool:
    """Docker shows a secret to root alone, unless it is told otherwise."""
    mode = options.get("mode", "0400")
    return not user or "uid" in options or (mode.isdecimal() and int(mode[-1]) >= 4)
