"""The command line of localhub."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import click
import uvicorn

from localhub import data, preview, server
from localhub.accounts import ROLES, TOKEN_ROLES, USER_PLANS, Accounts, Org, Token, User
from localhub.api import bodies
from localhub.config import Config
from localhub.hub import Hub


@click.group()
def main() -> None:
    """A Hub on your own machine."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8899, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".localhub"), show_default=True)
@click.option("--user", "users", multiple=True, metavar="NAME:TOKEN[:PLAN]", help="Default: local:hf_local:pro.")
@click.option("--org", "orgs", multiple=True, metavar="NAME[:PLAN[:USER=ROLE,...]]", help="An organization.")
@click.option("--token", "tokens", multiple=True, metavar="USER:TOKEN:ROLE", help="A further token: read or write.")
@click.option("--admin", is_flag=True, help="Open /_localhub: the call log and scripted faults.")
@click.option("--docker", type=click.Choice(["auto", "never"]), default="auto", show_default=True)
@click.option("--stub", is_flag=True, help="Build and run nothing: stages and logs only, for thousands of Spaces.")
@click.option("--startup-timeout", default=1800.0, show_default=True, help="Seconds an app may take to listen.")
@click.option("--build-timeout", default=3600.0, show_default=True, help="Seconds a build may take.")
@click.option("--builds-at-once", default=2, show_default=True)
@click.option("--lfs-over", type=int, metavar="BYTES", help="Ask for larger files through git-lfs. Default: never.")
@click.option("--idle-timeout", default=172_800, show_default=True, help="Seconds until cpu-basic sleeps.")
@click.option("--api-quota", type=int, help="API calls per window, for every plan.")
@click.option("--rate-window", default=300, show_default=True, help="Length of the rate-limit window in seconds.")
def serve(port: int, users: tuple[str, ...], orgs: tuple[str, ...], tokens: tuple[str, ...], **options: object) -> None:
    """Serve until interrupted."""
    accounts = _accounts(users or ("local:hf_local:pro",), orgs, tokens)
    config = Config(accounts=accounts, **options)  # type: ignore[arg-type]
    try:
        data.hold(config.data)
    except data.InUse as error:
        raise click.ClickException(f"another localhub works in {config.data}: choose another --data") from error
    server.run(config, port)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", default=0, help="Port of localhub itself. Default: a free one.")
@click.option("--once", is_flag=True, help="Do not watch the folder; end with code 1 if the app does not come up.")
@click.option("--variable", "variables", multiple=True, metavar="KEY=VALUE", help="A variable of the Space.")
@click.option("--secret", "secrets", multiple=True, metavar="KEY", help="A secret, taken from the environment.")
@click.option("--docker", type=click.Choice(["auto", "never"]), default="auto", show_default=True)
def run(
    folder: Path, port: int, docker: str, *, once: bool, variables: tuple[str, ...], secrets: tuple[str, ...]
) -> None:
    """Run the Space in FOLDER, and again whenever a file changes, until interrupted."""
    settings = {"variables": [_variable(pair) for pair in variables], "secrets": [_secret(key) for key in secrets]}
    previews: list[preview.Preview] = []

    def make(config: uvicorn.Config, hub: Hub) -> preview.Preview:
        previews.append(preview.Preview(config, hub, folder.resolve(), settings, once=once))
        return previews[-1]

    with suppress(KeyboardInterrupt):
        server.run(Config(data=preview.begin(folder.resolve()), docker=docker), port, make)
    sys.exit(previews[0].failed)


def _variable(pair: str) -> dict[str, str]:
    key, found, value = pair.partition("=")
    if not found:
        raise click.BadParameter(f"{pair}: expected KEY=VALUE")
    return {"key": _key(key), "value": value}


def _secret(key: str) -> dict[str, str]:
    if key not in os.environ:
        raise click.BadParameter(f"{key} is not set in the environment")
    return {"key": _key(key), "value": os.environ[key]}


def _key(text: str) -> str:
    if not re.fullmatch(bodies.KEY, text):
        raise click.BadParameter(f"{text}: a name of letters, digits and _, beginning with a letter, is needed")
    return text


def _accounts(users: tuple[str, ...], orgs: tuple[str, ...], tokens: tuple[str, ...]) -> Accounts:
    people: list[User] = []
    known: dict[str, Token] = {}
    for text in users:
        name, token, plan = _parts(text, 2, 3, "pro")
        people.append(User(name, _one_of(USER_PLANS, plan)))
        known[token] = Token(name)
    for text in tokens:
        name, token, role = _parts(text, 3, 3, "")
        if name not in {person.name for person in people}:
            raise click.BadParameter(f"{name}: no such user")
        known[token] = Token(name, _one_of(TOKEN_ROLES, role), role)
    return Accounts(people, [_org(text) for text in orgs], known)


def _org(text: str) -> Org:
    name, _, rest = text.partition(":")
    plan, _, members = rest.partition(":")
    pairs = (member.partition("=") for member in members.split(",") if member)
    roles = {user: _one_of(ROLES, role) for user, _, role in pairs}
    return Org(name, _one_of(USER_PLANS - {"pro"}, plan or "team"), roles)


def _one_of(known: set[str], word: str) -> str:
    if word not in known:
        raise click.BadParameter(f"{word or 'nothing'}: expected one of {', '.join(sorted(known))}")
    return word


def _parts(text: str, least: int, most: int, default: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if not least <= len(parts) <= most or not all(parts):
        raise click.BadParameter(f"{text.split(':', 1)[0]}: expected {least} to {most} parts joined by ':'")
    first, second, third = [*parts, default][:3]
    return first, second, third
