"""Follows a Dockerfile without a Docker engine: a folder for the file system, a cached environment."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dockerfile_parse.util import extract_key_values

from localhub.runner import copying, dockerfile, dockerignore, process, secret_mounts, user, venvs
from localhub.runner.builds import BuildFailed, Launch, Mount, Order
from localhub.runner.dockerfile import DockerfileError, Instruction
from localhub.runner.paths import Paths

_PASSED_ON = re.compile(r"^(PIP_.*|https?_proxy|no_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE)$", re.IGNORECASE)


@dataclass(frozen=True)
class Image:
    """What is needed to start the app."""

    command: tuple[str, ...]
    folder: Path
    env: dict[str, str]
    paths: Paths
    uid: int | None

    def launch(self, *, app_port: int, port: int, env: dict[str, str], mounts: Sequence[Mount]) -> Launch:
        for mount in mounts:
            self.paths.link(mount.path, mount.source)
        # Only now: a path below a mount leads somewhere only once it is there.
        command = tuple(map(self.paths.in_value, self.command))
        real = _real(self.env | env, self.paths) | {"LOCALHUB_BIND": f"{app_port}:{port}"}
        return Launch(command, self.folder, real, self.uid)


@dataclass
class _State:
    env: dict[str, str]
    paths: Paths
    args: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    """Of the steps that follow, as the Dockerfile names it; empty for root."""
    shell: tuple[str, ...] = dockerfile.SHELL
    command: str = ""
    entrypoint: str = ""


async def build(order: Order, store: venvs.Venvs, stubs: Path) -> Image:
    try:
        steps = dockerfile.read(order.recipe.read_text(errors="replace"))
        dockerignore.prune(order.context)
        before = [step for step in steps if step.name == "ARG" and steps.index(step) < _from(steps)]
        defaults = dict(part for step in before for part in _assignments(step, order.variables))
        origin = steps[_from(steps)]
        version = dockerfile.python_version(dockerfile.expand(origin.value, defaults))
        python = interpreter(version, order.say)
        key = _venv_key(steps, order, python)
        if order.factory:
            # Never the cached one emptied: another Space may be running from it.
            key = store.one_off(key)
        async with store.lock(key):
            return await _follow(steps[_from(steps) + 1 :], origin, order, _Place(store, key, python, stubs))
    except DockerfileError as error:
        order.say(f"--> ERROR: {error}")
        raise BuildFailed(f"Job failed with exit code: 1. Reason: {error}") from error


@dataclass(frozen=True)
class _Place:
    store: venvs.Venvs
    key: str
    python: str
    stubs: Path


async def _follow(steps: list[Instruction], origin: Instruction, order: Order, place: _Place) -> Image:
    order.say(f"--> {origin}")
    needs_pip = any(step.name == "RUN" and dockerfile.mentions_pip(step.value) for step in steps)
    cached = place.store.ready(place.key)
    if not cached:
        await place.store.create(place.key, place.python, pip=needs_pip, say=order.say)
    order.say("DONE\n")
    venv = place.store.path(place.key)
    state = _State(base_env(venv, order.root), Paths(order.root, venv / "bin"))
    for step in steps:
        order.say(f"--> {step}")
        if step.name == "RUN":
            await _run(step, state, order, place, cached=cached)
        else:
            _apply(step, state, order)
        order.say("")
    place.store.finish(place.key)
    image = _image(state, order.uid)
    _hand_over(order)
    return image


def interpreter(version: str, say: Callable[[str], None]) -> str:
    """The base interpreter for a version, or this machine's own in its place, which is said."""
    found = venvs.interpreter(version)
    if found:
        return found
    own = venvs.interpreter("")
    assert own
    say(f"localhub: there is no python {version} on this machine, {PurePosixPath(own).name} takes its place")
    return own


def base_env(venv: Path, root: Path) -> dict[str, str]:
    """What every image begins with. Makes the home folder."""
    path = f"{venv}/bin:{root}/usr/local/bin:/usr/bin:/bin"
    home = root / "root"
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/root", "VIRTUAL_ENV": str(venv)}


def index_env(store: venvs.Venvs) -> dict[str, str]:
    """What reaching a package index takes, and nothing else of localhub's own environment."""
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}
    if store.pip_settings.exists():
        passed.setdefault("PIP_CONFIG_FILE", str(store.pip_settings))
    cache = {"PIP_CACHE_DIR": str(store.cache), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return cache | passed | {"PIP_ROOT_USER_ACTION": "ignore"}


def _apply(step: Instruction, state: _State, order: Order) -> None:
    value = dockerfile.expand(step.value, state.args | state.env)
    match step.name:
        case "WORKDIR":
            state.workdir = str(PurePosixPath(state.workdir, value))
            state.paths.real(state.workdir).mkdir(parents=True, exist_ok=True)
        case "COPY" | "ADD":
            copying.copy(Instruction(step.name, value, step.flags), order.context, state.paths, state.workdir)
        case "ENV":
            state.env.update(extract_key_values(True, state.args, state.env, step.value))
            _make_home(state)
        case "ARG":
            state.args.update(_assignments(step, order.variables))
        case "USER":
            name = value.partition(":")[0]
            state.user = "" if name in {"root", "0"} else name
            if state.user and state.env["HOME"] == "/root":
                state.env["HOME"] = f"/home/{name}"
            _make_home(state)
        case "SHELL":
            state.shell = tuple(dockerfile.exec_form(value) or dockerfile.SHELL)
        case "CMD":
            state.command = step.value
        case "ENTRYPOINT":
            state.entrypoint, state.command = step.value, ""


async def _run(step: Instruction, state: _State, order: Order, place: _Place, *, cached: bool) -> None:
    if cached and dockerfile.pip_only(step.value):
        order.say("CACHED")
        return
    words = dockerfile.exec_form(step.value) or [*state.shell, step.value]
    env = _real(state.args | state.env, state.paths) | index_env(place.store)
    env["PATH"] = f"{place.stubs}:{env['PATH']}"
    folder = state.paths.real(state.workdir)
    folder.mkdir(parents=True, exist_ok=True)
    shown = secret_mounts.show(step, order.secrets, env, state.paths, state.user)
    _hand_over(order)
    try:
        command = [words[0], *map(state.paths.in_command, words[1:])]
        code = await process.run(command, folder=folder, env=env, on_line=order.say, uid=order.uid)
    finally:
        for file in shown:
            file.unlink(missing_ok=True)
    if code:
        reason = f'process "{" ".join(words)}" did not complete successfully: exit code: {code}'
        order.say(f"--> ERROR: {reason}")
        raise BuildFailed(f"Job failed with exit code: {code}. Reason: {reason}")
    order.say("DONE")


def _hand_over(order: Order) -> None:
    """What was copied and made so far, to the user that goes on with it."""
    if order.uid is not None:
        user.own(order.root, order.uid)


def _image(state: _State, uid: int | None) -> Image:
    words = dockerfile.command_line(state.entrypoint, state.command, state.shell)
    folder = state.paths.real(state.workdir)
    folder.mkdir(parents=True, exist_ok=True)
    return Image(tuple(words), folder, state.env, state.paths, uid)


def _from(steps: list[Instruction]) -> int:
    return next(index for index, step in enumerate(steps) if step.name == "FROM")


def _assignments(step: Instruction, given: dict[str, str]) -> list[tuple[str, str]]:
    """ARG: a Space's variable wins over the default."""
    pairs = (word.partition("=") for word in dockerfile.words(step.value))
    return [(name, given.get(name, default)) for name, _, default in pairs]


def _venv_key(steps: list[Instruction], order: Order, python: str) -> str:
    """What decides the content of the environment: the pip steps and the files they read."""
    pips = [step for step in steps if step.name == "RUN" and dockerfile.mentions_pip(step.value)]
    if not pips:
        return venvs.key_of(python, "bare")
    parts = [python, *(str(step) for step in pips)]
    arguments = [step.value for step in steps if step.name in {"ARG", "ENV"}]
    parts += [*arguments, *(f"{name}={value}" for name, value in sorted(order.variables.items()))]
    for step in pips:
        files = dockerfile.requirement_files(step.value) if dockerfile.pip_only(step.value) else None
        contents = _contents(order.context, files) if files is not None else None
        parts += contents if contents is not None else [order.commit, str(order.context)]
    return venvs.key_of(*parts)


def _contents(context: Path, files: list[str]) -> list[str] | None:
    """The texts of these requirement files; None when one of them leads to further files."""
    found = [path for name in files for path in sorted(context.rglob(PurePosixPath(name).name))]
    texts = [path.read_text(errors="replace") for path in found if path.is_file()]
    leads_on = re.compile(r"^\s*(-r|-c|-e|--|\.|/)|file:", re.MULTILINE)
    return None if any(leads_on.search(text) for text in texts) else texts


def _real(env: dict[str, str], paths: Paths) -> dict[str, str]:
    return {name: paths.in_value(value) for name, value in env.items()}


def _make_home(state: _State) -> None:
    state.paths.real(state.env["HOME"]).mkdir(parents=True, exist_ok=True)
