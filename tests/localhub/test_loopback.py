"""Never a request to another machine."""

import sys

from tests.localhub import spaces
from tests.localhub.git import Git, address
from tests.localhub_server import LocalHub

WATCH = """\
import os, socket, sys

def look(event, arguments):
    if event in {"socket.connect", "socket.sendto"} and arguments[0].family != socket.AF_UNIX:
        if arguments[1][0] not in {"127.0.0.1", "::1", "localhost"}:
            note(f"{event} {arguments[1]}")
    elif event == "socket.getaddrinfo" and arguments[0] not in {None, "127.0.0.1", "::1", "localhost"}:
        note(f"{event} {arguments[0]}")

def note(line):
    with open(os.path.join(os.path.dirname(__file__), "seen"), "a") as file:
        file.write(line + "\\n")

note("watching")
sys.addaudithook(look)
"""


def test_a_whole_life_of_a_space_talks_to_this_machine_alone(tmp_path, monkeypatch):
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    monkeypatch.setenv("PYTHONPATH", str(watch))
    hub = LocalHub(tmp_path / "hub", python=sys.executable)
    try:
        api = hub.api()
        spaces.docker(api, "local/demo")
        api.create_repo("local/page", repo_type="space", space_sdk="static")
        spaces.visit(hub.wait("local/demo", "RUNNING", sha=spaces.push_app(api, "local/demo")))
        Git(tmp_path)("clone", "--quiet", address(hub), "clone")
        api.restart_space("local/demo", factory_reboot=True)
        hub.wait("local/demo", "RUNNING")
        api.delete_repo("local/demo", repo_type="space")
    finally:
        hub.stop()
    assert (watch / "seen").read_text().splitlines() == ["watching"]
