"""The real command line is the judge: every command of the installed `hf`, unchanged, against localhub."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from huggingface_hub.cli import hf
from tests.localhub import judge
from tests.localhub.commands import COMMANDS, REFUSED, Line
from tests.localhub.spaces import app
from tests.localhub.stock import Stock, open_shop
from tests.localhub_server import LocalHub

CONCERNED = ("spaces", "repos", "upload", "download", "auth whoami", "webhooks", "jobs", "buckets")


class CommandLine:
    def __init__(self, hub: LocalHub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        (folder / "app.py").write_text(app())
        (folder / "sum.py").write_text("import sys\nprint(sum(map(int, sys.argv[1:])))\n")
        (folder / "notes.txt").write_text("notes")
        (folder / "inputs").mkdir()
        (folder / "inputs" / "one").write_text("1")
        env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token, "HF_HOME": str(folder / "home"), "COLUMNS": "400"}
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        self._driver = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("cli_driver.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env | quiet | {"PATH": os.environ["PATH"], "HOME": str(folder)},
        )

    def run(self, command: str, line: Line) -> tuple[int, str, list]:
        """Exit code, what was printed, and `[method, path, status, body]` of each answer."""
        words = line.arguments.format_map(Stock(self.hub)).split()
        argv = [*command.split(), *(word.replace("~", " ") for word in words)]
        output = self.folder / "output"
        call = {"argv": argv, "folder": str(self.folder), "output": str(output)}
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.write(json.dumps(call) + "\n")
        self._driver.stdin.flush()
        code = int(self._driver.stdout.readline())
        return code, output.read_text(), json.loads(Path(f"{output}.answers").read_text())

    def close(self) -> None:
        self._driver.communicate(timeout=30)


@pytest.fixture(scope="module")
def command_line(tmp_path_factory):
    hub = LocalHub(tmp_path_factory.mktemp("hub"))
    try:
        open_shop(hub)
        line = CommandLine(hub, tmp_path_factory.mktemp("work"))
        yield line
        line.close()
    finally:
        hub.stop()


def leaves(command: click.Command, *path: str) -> list[str]:
    """Every command below this one, by the words that lead to it."""
    if not isinstance(command, click.Group):
        return [" ".join(path)]
    context = click.Context(command)
    found = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [leaf for name, child in found if child for leaf in leaves(child, *path, name)]


def test_no_command_is_missing_and_none_is_invented():
    concerned = {leaf for leaf in leaves(hf.app) if leaf.startswith(CONCERNED)}
    assert concerned == COMMANDS.keys() | REFUSED.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(command_line, command):
    judged(command_line, command, COMMANDS[command])


@pytest.mark.parametrize("command", REFUSED)
def test_what_cannot_make_sense_is_refused_in_a_sentence(command_line, command):
    judged(command_line, command, REFUSED[command])


def judged(command_line: CommandLine, command: str, line: Line) -> None:
    code, output, answers = command_line.run(command, line)
    assert code == line.code, output
    assert re.search(line.says, output), output
    for method, path, status, body in answers:
        judge.check(method, path, status, body)


def test_the_installed_program_works_as_it_is(command_line):
    """The one start from the shell: everything above is the same program, without its second of importing."""
    env = {"HF_ENDPOINT": command_line.hub.url, "HF_TOKEN": "hf_local", "HF_HOME": str(command_line.folder / "home")}
    quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "huggingface_hub.cli.hf", "auth", "whoami"]
    done = subprocess.run(command, env=env | quiet, capture_output=True, text=True, check=True, timeout=60)
    assert "local" in done.stdout
