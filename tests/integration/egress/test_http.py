import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from spaceport import errors
from spaceport.egress import http
from spaceport.egress.policy import Policy

NAME = "app.invalid"


class App:
    """A web server that remembers what it was asked and answers with one prepared response."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.names: list[str | None] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.port = 0

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["App"]:
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.names.append(name)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode())
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with App().running() as running:
        yield running


def policy(app: App, *addresses: str, host: str = NAME) -> Policy:
    return Policy((f"{host}:{app.port}",), resolver=lambda *_: addresses or ["127.0.0.1"])


async def test_the_checked_address_is_dialled_under_the_urls_host(app: App):
    async with http.client(policy(app), timeout=5) as client:
        answer = await client.get(f"http://{NAME}:{app.port}/health?deep=1")
    assert answer.text == "ok"
    assert str(answer.url) == f"http://{NAME}:{app.port}/health?deep=1"
    assert app.heads[0].startswith("GET /health?deep=1 HTTP/1.1\r\n")
    assert f"host: {NAME}:{app.port}\r\n" in app.heads[0].lower()


async def test_a_name_that_turned_private_since_is_refused_at_the_next_request(app: App):
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    rebinding = Policy(("127.0.0.0/8",), resolver=lambda *_: answers.pop(0))
    async with http.client(rebinding, timeout=5) as client:
        await client.get(f"http://{NAME}:{app.port}/")
        with pytest.raises(errors.Invalid, match=r"10\.0\.0\.1, which is private"):
            await client.get(f"http://{NAME}:{app.port}/")
    assert len(app.heads) == 1


async def test_a_refused_address_is_never_connected_to(app: App):
    async with http.client(Policy(), timeout=5) as client:
        with pytest.raises(errors.Invalid):
            await client.get(f"http://127.0.0.1:{app.port}/")
    assert app.heads == []


async def test_a_redirect_is_an_answer_and_not_an_order(app: App):
    app.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with http.client(policy(app), timeout=5) as client:
        assert (await client.get(f"http://{NAME}:{app.port}/")).status_code == 302


async def test_a_redirect_followed_on_purpose_is_checked_again(app: App):
    app.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with http.client(policy(app), timeout=5) as client:
        with pytest.raises(errors.Invalid, match="link-local"):
            await client.get(f"http://{NAME}:{app.port}/", follow_redirects=True)


async def test_the_next_address_is_tried_when_one_refuses_the_connection(app: App):
    async with http.client(policy(app, "127.0.0.9", "127.0.0.1"), timeout=5) as client:
        assert (await client.get(f"http://{NAME}:{app.port}/")).text == "ok"


async def test_cookies_of_one_app_are_not_kept_for_the_next(app: App):
    app.answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"
    async with http.client(policy(app), timeout=5) as client:
        await client.get(f"http://{NAME}:{app.port}/")
        await client.get(f"http://{NAME}:{app.port}/")
        assert not client.cookies
    assert "cookie" not in app.heads[1].lower()


async def test_a_proxy_or_netrc_of_the_environment_is_not_used(
    app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {NAME} login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with http.client(policy(app), timeout=5) as client:
        await client.get(f"http://{NAME}:{app.port}/")
    assert "authorization" not in app.heads[0].lower()


async def test_a_name_server_that_hangs_counts_as_a_failed_connection():
    held = threading.Event()
    slow = Policy(resolver=lambda *_: held.wait(10) and [])
    try:
        async with http.client(slow, timeout=0.05) as client:
            with pytest.raises(httpx.ConnectTimeout):
                await client.get("https://app.invalid/")
    finally:
        held.set()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for NAME with its key, in one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def secure_app(certificate: Path) -> AsyncIterator[App]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with App().running(tls) as running:
        yield running


def transport(app: App, host: str, certificate: Path) -> http.PinnedTransport:
    trusting = ssl.create_default_context(cafile=str(certificate))
    return http.PinnedTransport(policy(app, host=host), ssl_context=trusting)


async def test_the_certificate_is_checked_against_the_urls_name(secure_app: App, certificate: Path):
    async with httpx.AsyncClient(transport=transport(secure_app, NAME, certificate)) as client:
        assert (await client.get(f"https://{NAME}:{secure_app.port}/")).text == "ok"
    assert secure_app.names == [NAME]


async def test_a_certificate_for_another_name_is_not_accepted(secure_app: App, certificate: Path):
    async with httpx.AsyncClient(transport=transport(secure_app, "other.invalid", certificate)) as client:
        with pytest.raises(httpx.ConnectError, match=r"(?i)hostname mismatch"):
            await client.get(f"https://other.invalid:{secure_app.port}/")
    assert secure_app.heads == []


async def test_a_connection_checked_for_one_name_is_not_used_for_another_at_the_same_address(
    secure_app: App, certificate: Path
):
    both = Policy((f"{NAME}:{secure_app.port}", f"other.invalid:{secure_app.port}"), resolver=lambda *_: ["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with httpx.AsyncClient(transport=http.PinnedTransport(both, ssl_context=trusting)) as client:
        await client.get(f"https://{NAME}:{secure_app.port}/")
        with pytest.raises(httpx.ConnectError):
            await client.get(f"https://other.invalid:{secure_app.port}/")
    assert len(secure_app.heads) == 1


async def test_a_certificate_nobody_vouches_for_is_not_accepted(secure_app: App):
    async with http.client(policy(secure_app), timeout=5) as client:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate verify failed"):
            await client.get(f"https://{NAME}:{secure_app.port}/")
