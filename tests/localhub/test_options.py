"""What `localhub serve` refuses, in a sentence, before it does anything."""

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from tests.localhub_server import ROOT, LocalHub

from localhub import cli


def serve(*options: str) -> Result:
    return CliRunner().invoke(cli.main, ["serve", "--port", "0", *options])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--user", "alice:hf_alice:gold"), "gold: expected one of academia, "),
        (("--user", "alice"), "alice: expected 2 to 3 parts"),
        (("--token", "local:hf_new:admin"), "admin: expected one of read, write"),
        (("--token", "nobody:hf_new:read"), "nobody: no such user"),
        (("--org", "acme:team:local=boss"), "boss: expected one of admin, "),
        (("--org", "acme:team:local"), "nothing: expected one of admin, "),
        (("--org", "acme:pro"), "pro: expected one of academia, "),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(tmp_path, options, said):
    done = serve("--data", str(tmp_path / "hub"), *options)
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "hub").exists()


def test_a_data_folder_is_one_localhubs_at_a_time_and_free_again_after_a_kill(hub: LocalHub):
    done = program("--data", str(hub.folder), "--port", "0")
    assert done.returncode == 1
    assert f"another localhub works in {hub.folder}" in done.stderr
    hub.kill()
    hub.start()
    assert hub.api().whoami()["name"] == "local"


def test_a_port_that_is_taken_is_named(hub: LocalHub, tmp_path):
    done = program("--data", str(tmp_path / "other"), "--port", str(hub.port))
    assert done.returncode == 1
    assert done.stderr == f"Error: cannot listen on 127.0.0.1, port {hub.port}: Address already in use\n"


def program(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "localhub", "serve", *options]
    env = {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=env)
