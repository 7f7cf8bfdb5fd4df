"""The demo from its first check to its end: two programs, one deployment, one address that answers."""

import re
import shutil
import signal
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console

from spaceport.demo import home, package
from spaceport.demo.client import Client, Event
from spaceport.demo.display import Display
from spaceport.demo.home import Home
from spaceport.demo.programs import ENDING, Program, Programs, wait_until_answers
from spaceport.errors import Conflict, Unavailable, UpstreamFailed

# The local Hub's well-known account, good for nothing else.
_OWNER, _TOKEN = "local", "hf_local"
_STEPS = {
    "deployment.queued": "Wait for the worker",
    "deployment.pushing": "Push the files as one commit",
    "deployment.building": "Build",
    "deployment.starting": "Start the app",
    "deployment.verifying": "Check its health, three times in a row",
}
_LOOK_EVERY = 0.5


def run(*, app: Path, data_dir: Path, port: int, once: bool) -> None:
    """Blocks until Ctrl-C; with `once`, until the app has answered. Raises SpaceportError with what went wrong."""
    console = Console(highlight=False)
    kind = package.sdk(app)
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)
    with home.opened(data_dir) as place, Programs(place.folder) as programs:
        _check(port)
        url = _bring_up(console, programs, place, app=app, kind=kind, port=port)
        _explain(console, url, place, port)
        if not once:
            console.print("  Ctrl-C stops it all; the next run goes on from here.")
            _stay(console, programs)


def _stay(console: Console, programs: Programs) -> None:
    try:
        while True:
            programs.check()
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        console.print("\nStopping.")


def _check(port: int) -> None:
    if shutil.which("git") is None:
        raise Unavailable("There is no git on this machine.", code="no_git", fix="Install git, then try again.")
    if home.taken("0.0.0.0", port):  # noqa: S104 - where Spaceport is going to listen
        raise Conflict(
            f"Port {port} is in use.", code="port_taken", fix="Set PORT to another one: make demo PORT=7861."
        )


def _bring_up(console: Console, programs: Programs, place: Home, *, app: Path, kind: str, port: int) -> str:
    address = f"http://127.0.0.1:{port}"
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", app.resolve().name).strip("-") or "app"
    with Display(console) as display, closing(Client(address)) as client:
        display.begin("Start the local Hub")
        hub = _start_hub(programs, place)
        display.begin("Start Spaceport, with a Postgres of its own")
        _start_spaceport(programs, place, hub, port)
        display.begin(f"Sign in as {home.EMAIL}")
        client.sign_in(home.EMAIL, place.password())
        display.begin(f"Have a Space {_OWNER}/{name}")
        client.ensure_space(_OWNER, name, sdk=kind, visibility="public", health={"interval": 0.5})
        display.begin("Upload the app")
        deployment = client.deploy(_OWNER, name, client.upload(package.archive(app)))
        url = _follow(client, deployment, display)
        display.begin("Open the app")
        _visit(url)
        display.done()
    return url


def _start_hub(programs: Programs, place: Home) -> str:
    port = place.hub_port()
    # Without a Docker engine even where there is one: nothing is downloaded, and it is the same everywhere.
    options = ("--port", str(port), "--data", str(place.folder / "hub"), "--docker", "never")
    program = programs.start("The local Hub", "localhub", "serve", *options, builds=True)
    hub = f"http://127.0.0.1:{port}"
    wait_until_answers(program, hub)
    return hub


def _start_spaceport(programs: Programs, place: Home, hub: str, port: int) -> Program:
    program = programs.start(
        "Spaceport",
        "spaceport",
        "serve",
        PORT=str(port),
        DATA_DIR=str(place.folder),
        HF_ENDPOINT=hub,
        HF_TOKEN=_TOKEN,
    )
    wait_until_answers(program, f"http://127.0.0.1:{port}/health", well=True)
    return program


def _follow(client: Client, deployment: str, display: Display) -> str:
    """The address of the app once it is live. Raises UpstreamFailed with the deployment's own explanation."""
    for event in client.follow(deployment):
        if event.kind == "log":
            display.line(event.data["step"], event.data["line"])
        elif event.kind in _STEPS:
            display.begin(_STEPS[event.kind], _at(event))
        elif event.kind == "deployment.succeeded":
            display.done(_at(event))
            return str(event.data["url"])
        elif event.final:
            raise UpstreamFailed(event.data["reason"], code=event.data["reason_code"], fix=event.data.get("fix", ""))
    raise AssertionError("the events of a deployment end with a final one")


def _at(event: Event) -> float:
    return datetime.fromisoformat(event.data["at"]).timestamp()


def _visit(url: str) -> None:
    try:
        httpx.get(url, trust_env=False, timeout=30).raise_for_status()
    except httpx.HTTPError as error:
        raise UpstreamFailed(
            f"The deployment is live, but {url} did not answer: {error}", code="app_silent", fix="Deploy again."
        ) from error


def _explain(console: Console, url: str, place: Home, port: int) -> None:
    console.print()
    console.print(f"  The app        [bold link={url}]{url}[/]")
    console.print(f"  The dashboard  http://127.0.0.1:{port}/")
    console.print(f"  The API        http://127.0.0.1:{port}/docs")
    console.print(f"  Signed in as   {home.EMAIL}, password in {home.shown(place.password_file)}")
    console.print()
