"""Behind a transaction pooler, where nobody can LISTEN and prepared statements do not last."""

import base64
import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.localhub_server import LocalHub
from tests.scenarios import apps
from tests.spaceport_server import SpaceportServer

from spaceport.db.embedded import Embedded

pytestmark = pytest.mark.skipif(
    shutil.which("pgbouncer") is None, reason="there is no pgbouncer here: apt-get install pgbouncer"
)

# Of the one database.
SEALING_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture(scope="module")
def database(home: Path) -> Iterator[Embedded]:
    server = Embedded(home / "pooled-database", durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pooled_url(home: Path, database: Embedded) -> Iterator[str]:
    """A PgBouncer in transaction mode, in front of the database."""
    folder = home / "pgbouncer"
    folder.mkdir(mode=0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = parse_qs(urlsplit(database.url).query)
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\nspaceport = host={target['host'][0]} user=postgres dbname=spaceport\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        "pool_mode = transaction\ndefault_pool_size = 8\nmax_client_conn = 200\n"
    )
    runner = ["-u", "postgres"] if os.getuid() == 0 else []
    with (folder / "output.log").open("wb") as output:
        pooler = subprocess.Popen(["pgbouncer", *runner, str(folder / "pgbouncer.ini")], stdout=output, stderr=output)
    _wait_for(port, folder)
    yield f"postgresql://{getpass.getuser()}@127.0.0.1:{port}/spaceport?sslmode=disable"
    pooler.terminate()
    pooler.wait(10)


@pytest.mark.parametrize("direct", [False, True], ids=["polling", "with a direct address"])
def test_a_deployment_goes_live_and_is_followed_behind_a_pooler(
    home: Path, hub: LocalHub, database: Embedded, pooled_url: str, repo_id: str, *, direct: bool
) -> None:
    server = SpaceportServer(
        home / f"pooled-{direct}",
        hub.url,
        DATABASE_URL=pooled_url,
        DATABASE_POOLED="true",
        JWT_SECRET=secrets.token_urlsafe(48),
        SEALING_KEY=SEALING_KEY,
        **({"DATABASE_DIRECT_URL": database.url} if direct else {}),
    )
    try:
        person = server.person()
        person.connect_hub()
        person.manage(repo_id, person.upload(apps.example("static-site")), sdk="static")

        seen = [kind for _, kind, _ in person.events(person.deploy(repo_id))]

        assert seen[0] == "deployment.queued"
        assert seen[-1] == "deployment.succeeded"
        person.http.close()
    finally:
        server.stop()


def _wait_for(port: int, folder: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError((folder / "output.log").read_text())
