"""Log streams, whole, cut and refused."""

import asyncio

import pytest
from tests.integration.hub.loopback import TOKEN, answering
from tests.localhub_server import LocalHub

from spaceport.hub import Hub, HubFailure


def test_a_log_stream_that_is_cut_is_transient_after_the_lines_before_it(server: LocalHub, hub: Hub) -> None:
    with answering(_stream(3), promise=10_000) as url:
        lines, said = asyncio.run(_followed(Hub(url, TOKEN)))
    assert lines == ["line 0", "line 1", "line 2"]
    assert said is not None
    assert said.transient


def test_a_log_stream_ends_where_the_hub_ends_it(hub: Hub) -> None:
    with answering(_stream(2)) as url:
        assert asyncio.run(_followed(Hub(url, TOKEN))) == (["line 0", "line 1"], None)


@pytest.mark.parametrize(("status", "transient"), [(404, False), (429, True), (503, True)])
def test_a_refused_log_stream_says_why(server: LocalHub, hub: Hub, status: int, transient: bool) -> None:
    server.fault(path="/logs/build", status=status, headers={"Retry-After": "9"})
    _, said = asyncio.run(_followed(hub))
    assert said is not None
    assert (said.status, said.transient, said.retry_after) == (status, transient, 9.0)


async def _followed(hub: Hub) -> tuple[list[str], HubFailure | None]:
    lines = []
    try:
        async for line in hub.follow_log("local/demo", "build"):
            assert line.at.tzinfo is not None
            lines.append(line.text)
    except HubFailure as failed:
        return lines, failed
    return lines, None


def _stream(count: int) -> bytes:
    frames = [b'data: {"data": "line %d\\n", "timestamp": "2026-01-01T00:00:0%d"}\n\n' % (n, n) for n in range(count)]
    return b"data:\n\n" + b"".join(frames)
