"""Both drivers against a Postgres that offers TLS and one that does not.

The embedded programs are built without TLS, so a gate in front of the server speaks it for them.
"""

import datetime as dt
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from spaceport.db import connection, url
from spaceport.db.embedded import Embedded
from spaceport.errors import Unavailable

SSL_REQUEST, GSS_REQUEST = struct.pack("!ii", 8, 80877103), struct.pack("!ii", 8, 80877104)


class Gate:
    """A loopback port in front of a Unix socket; `encrypted` has an entry per connection let through."""

    def __init__(self, upstream: str, context: ssl.SSLContext | None) -> None:
        self._upstream, self._context = upstream, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.speaks_tls = context is not None
        self.encrypted: list[bool] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                self._pass_on(client)
            except OSError:
                client.close()

    def _pass_on(self, client: socket.socket) -> None:
        head = client.recv(8)
        while head in {SSL_REQUEST, GSS_REQUEST}:
            if head == SSL_REQUEST and self._context is not None:
                client.sendall(b"S")
                client = self._context.wrap_socket(client, server_side=True)
            else:
                client.sendall(b"N")
            head = client.recv(8)
        with client, socket.socket(socket.AF_UNIX) as server:
            if not head:
                return
            self.encrypted.append(isinstance(client, ssl.SSLSocket))
            server.connect(self._upstream)
            if isinstance(client, ssl.SSLSocket):
                head += client.recv(client.pending())  # decrypted already, so select would wait for it in vain
            server.sendall(head)
            while True:
                readable, _, _ = select.select([client, server], [], [])
                for source, target in ((client, server), (server, client)):
                    if source in readable:
                        if not (data := source.recv(65536)):
                            return
                        target.sendall(data)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem` and, signed by it for `localhost` alone, `server.pem`."""
    folder = tmp_path_factory.mktemp("authority")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    ca = (
        _certificate(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        _certificate(name, ca_name, key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(
        server.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))


@pytest.fixture(params=["with TLS", "without TLS"])
def gate(request: pytest.FixtureRequest, postgres: Embedded, authority: Path) -> Iterator[Gate]:
    context = None
    if request.param == "with TLS":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority / "server.pem")
    gate = Gate(f"{url.parse(postgres.url).host}/.s.PGSQL.5432", context)
    yield gate
    gate.close()


TLS, PLAIN, REFUSED = "encrypted", "plain", "refused"


@pytest.mark.parametrize("driver", ["pg8000", "psycopg"])
@pytest.mark.parametrize(
    ("host", "query", "with_tls", "without_tls"),
    [
        ("localhost", "", TLS, PLAIN),
        ("localhost", "sslmode=disable", PLAIN, PLAIN),
        ("localhost", "sslmode=require", TLS, REFUSED),
        ("localhost", "sslmode=require&sslrootcert={ca}", TLS, REFUSED),
        ("localhost", "sslmode=verify-ca&sslrootcert={ca}", TLS, REFUSED),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", TLS, REFUSED),
        ("localhost", "sslmode=verify-full&sslrootcert={ca}", TLS, REFUSED),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", REFUSED, REFUSED),
        ("localhost", "sslmode=verify-full", REFUSED, REFUSED),
    ],
)
def test_a_server_is_met_as_sslmode_says(
    gate: Gate, authority: Path, *, driver: str, host: str, query: str, with_tls: str, without_tls: str
) -> None:
    query = query.format(ca=authority / "ca.pem")
    raw = f"postgresql://postgres@{host}:{gate.port}/postgres?connect_timeout=5&{query}"
    assert _meet(gate, driver, raw) == (with_tls if gate.speaks_tls else without_tls)


def _meet(gate: Gate, driver: str, raw: str) -> str:
    try:
        if driver == "pg8000":
            connection.connect(url.parse(raw)).close()
        else:
            psycopg.connect(url.conninfo(raw)).close()
    except (Unavailable, psycopg.OperationalError):
        assert gate.encrypted == []
        return REFUSED
    return TLS if gate.encrypted == [True] else PLAIN
