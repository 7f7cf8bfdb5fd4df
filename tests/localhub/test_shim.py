"""The port an app asks for, and the port it gets."""

import socket
import subprocess
import sys

import pytest

from localhub.runner.venvs import SHIM

LISTEN = {
    "a plain socket": "import socket; s = socket.socket(); s.bind(({host!r}, 7860)); print(s.getsockname()[1])",
    "asyncio": """
import asyncio
async def main():
    server = await asyncio.start_server(lambda r, w: None, {host!r}, 7860)
    print(server.sockets[0].getsockname()[1])
asyncio.run(main())
""",
    "uvloop": """
import asyncio, uvloop
async def main():
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, {host!r}, 7860)
    print(server.sockets[0].getsockname()[1])
uvloop.run(main())
""",
}


def run(code: str, port: int) -> subprocess.CompletedProcess[str]:
    load = f"import sys; sys.path.insert(0, {str(SHIM.parent)!r}); import shim\n"
    env = {"LOCALHUB_BIND": f"7860:{port}", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", load + code], env=env, capture_output=True, text=True, check=True, timeout=30
    )


@pytest.fixture
def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("code", LISTEN.values(), ids=LISTEN.keys())
def test_listening_everywhere_leads_to_the_given_port(code, free):
    assert int(run(code.format(host="0.0.0.0"), free).stdout) == free


@pytest.mark.parametrize("code", LISTEN.values(), ids=LISTEN.keys())
def test_listening_inside_only_leads_elsewhere_and_is_explained(code, free):
    done = run(code.format(host="127.0.0.1"), free)
    assert int(done.stdout) not in {free, 7860}
    assert "Listen on 0.0.0.0:7860" in done.stderr


@pytest.mark.parametrize("host", [None, "::"])
def test_an_app_that_listens_over_ipv6_stays_on_the_loopback(host, free):
    code = f"""
import asyncio, socket
async def main():
    server = await asyncio.start_server(lambda r, w: None, {host!r}, 7860)
    print(*sorted(s.getsockname()[:2] for s in server.sockets))
asyncio.run(main())
"""
    assert f"('::1', {free})" in run(code, free).stdout


def test_other_ports_are_left_alone(free):
    code = f"import socket; s = socket.socket(); s.bind(('127.0.0.1', {free})); print(s.getsockname()[1])"
    assert int(run(code, 1).stdout) == free


def test_an_app_that_calls_itself_finds_itself(free):
    code = """
import socket
server = socket.create_server(("0.0.0.0", 7860))
client = socket.create_connection(("127.0.0.1", 7860))
print(client.getpeername()[1])
"""
    assert int(run(code, free).stdout) == free
