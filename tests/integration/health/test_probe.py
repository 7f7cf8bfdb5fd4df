"""One probe against a real server on loopback that may be slow, endless or malicious."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from spaceport.egress.policy import Policy
from spaceport.health import probe
from spaceport.health.probe import Prober
from spaceport.health.rule import HealthRule

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
ENDLESS = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


class App:
    """Answers every request with the same bytes; with `endless`, goes on until the client has had enough."""

    def __init__(self) -> None:
        self.answer = OK
        self.endless = False
        self.delay = 0.0
        self.heads: list[str] = []
        self.sent = 0
        self.url = ""
        self.serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self.serving.add(task)
        await asyncio.wait([task])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        try:
            await asyncio.sleep(self.delay)
            writer.write(self.answer)
            while self.endless:
                writer.write(b"x" * 65_536)
                self.sent += 65_536
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    app = App()
    server = await asyncio.start_server(app.serve, "127.0.0.1", 0)
    app.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield app
    server.close()
    for task in app.serving:
        task.cancel()
    await asyncio.gather(*app.serving, return_exceptions=True)
    await server.wait_closed()


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = Prober(Policy(("127.0.0.1",)))
    yield prober
    await prober.aclose()


async def test_a_good_answer_has_nothing_to_say(app: App, prober: Prober) -> None:
    assert await prober.probe(app.url + "/", HealthRule(path="/health?deep=1", body_contains="ok")) is None
    assert app.heads[0].startswith("GET /health?deep=1 HTTP/1.1\r\n")


async def test_a_redirect_is_judged_and_not_followed(app: App, prober: Prober) -> None:
    app.answer = f"HTTP/1.1 302 Found\r\nLocation: {app.url}/other\r\nContent-Length: 0\r\n\r\n".encode()
    assert await prober.probe(app.url, HealthRule()) is None
    assert await prober.probe(app.url, HealthRule(status="200")) == "GET / answered 302, expected 200"
    assert len(app.heads) == 2


async def test_an_endless_body_is_read_to_the_cap_and_no_further(app: App, prober: Prober) -> None:
    app.answer, app.endless = ENDLESS, True
    assert await prober.probe(app.url, HealthRule(timeout=5)) is None
    assert app.sent < 200 * probe.MAX_BODY


async def test_an_answer_takes_no_longer_than_the_rule_allows(app: App, prober: Prober) -> None:
    app.delay = 60
    assert await prober.probe(app.url, HealthRule(timeout=0.5)) == "GET / did not answer within 0.5 s"


async def test_an_answer_that_breaks_off_is_none(app: App, prober: Prober) -> None:
    app.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234"
    assert await prober.probe(app.url, HealthRule()) == "GET / failed: RemoteProtocolError"


async def test_the_token_goes_to_the_app_and_nowhere_into_the_words(app: App, prober: Prober) -> None:
    app.answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    said = await prober.probe(app.url, HealthRule(), token="hf_secret")
    assert "authorization: bearer hf_secret\r\n" in app.heads[0].lower()
    assert said == "GET / answered 500, expected 200-399"
    await prober.probe(app.url, HealthRule())
    assert "authorization" not in app.heads[1].lower()


async def test_a_redirect_leads_the_token_nowhere(app: App, prober: Prober) -> None:
    elsewhere = App()
    server = await asyncio.start_server(elsewhere.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/catch"
    app.answer = f"HTTP/1.1 307 Away\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode()
    answer = await prober.get(app.url, "/", within=5, token="hf_secret")
    server.close()
    assert (answer.status, answer.headers["location"]) == (307, address)
    assert (len(app.heads), elsewhere.heads) == (1, [])


async def test_an_answer_is_cut_where_it_is_too_long(app: App, prober: Prober) -> None:
    app.answer, app.endless = ENDLESS, True
    answer = await prober.get(app.url, "/", within=5)
    assert (len(answer.body), answer.cut) == (probe.MAX_BODY, True)


async def test_a_refused_connection_and_a_refused_address_are_said(app: App, prober: Prober) -> None:
    assert await prober.probe("http://127.0.0.1:1", HealthRule()) == "GET / failed: ConnectError"
    said = await prober.probe("http://10.0.0.1", HealthRule())
    assert said is not None
    assert said.startswith("GET / was not sent")


async def test_an_answer_that_is_no_http_is_said(app: App, prober: Prober) -> None:
    app.answer = b"SSH-2.0-OpenSSH\r\n\r\n"
    assert await prober.probe(app.url, HealthRule()) == "GET / failed: RemoteProtocolError"
