"""The whole edge over real connections, with what only raw bytes can do."""

import asyncio
import contextlib
import json
import resource
import select
import signal
import socket
import time
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from queue_service.infra import server
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from tests.infra.edged import an_app, answer, connected, serving_edged
from tests.infra.hostile import HOSTILE_BODIES, MARK
from tests.infra.serving import until

WAIT_S_MAX = 0.4
STOP_S_MAX = 30
SETTINGS = Settings(
    head_wait_s_max=WAIT_S_MAX,
    body_wait_s_max=WAIT_S_MAX,
    answer_stall_s_max=WAIT_S_MAX,
    keep_alive_s=1,
    shutdown_wait_s_max=2,
    limit_address_burst=100_000,
)

GET = b"GET /api/v1/visits/a HTTP/1.1\r\nHost: hall\r\n\r\n"
POST_HEAD = b"POST /api/v1/visits/a HTTP/1.1\r\nHost: hall\r\nContent-Type: application/json\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving_edged(an_app(SETTINGS), SETTINGS) as port:
        yield port


def a_post(body: bytes) -> bytes:
    return POST_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def closed_after_s(reader: asyncio.StreamReader) -> float:
    """Seconds until the server has cut the connection without an answer."""
    started_s = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    return time.monotonic() - started_s


@pytest.mark.parametrize("start", [b"", b"G", b"GET / HTTP/1.1\r\nHost: ha", b"\r\n"])
async def test_a_slow_head_is_cut(port: int, start: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(start)
        assert WAIT_S_MAX / 2 < await closed_after_s(reader) < WAIT_S_MAX * 2


async def test_a_dripping_head_is_cut_all_the_same(port: int) -> None:
    async with connected(port) as (reader, writer):

        async def drip() -> None:
            for byte in GET:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert await closed_after_s(reader) < WAIT_S_MAX * 2
        dripping.cancel()


@pytest.mark.parametrize("next_start", [b"GET /", b"\r\n"])
async def test_a_slow_second_head_is_cut_too(port: int, next_start: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(GET)
        assert (await answer(reader))[0] == 200
        await asyncio.sleep(WAIT_S_MAX * 1.2)  # an idle connection is kept
        writer.write(next_start)
        assert WAIT_S_MAX / 2 < await closed_after_s(reader) < WAIT_S_MAX * 2


async def test_a_second_head_has_its_own_time(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(GET[:5])
        await asyncio.sleep(WAIT_S_MAX * 0.7)
        writer.write(GET[5:] + GET[:5])
        assert (await answer(reader))[0] == 200
        await asyncio.sleep(WAIT_S_MAX * 0.7)
        writer.write(GET[5:])
        assert (await answer(reader))[0] == 200


@pytest.mark.parametrize(
    "head", [POST_HEAD + b"Content-Length: 20\r\n\r\n", POST_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n"]
)
async def test_a_dripping_body_is_cut(port: int, head: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(head)

        async def drip() -> None:
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.1)

        dripping = asyncio.create_task(drip())
        assert await closed_after_s(reader) < WAIT_S_MAX * 2
        dripping.cancel()


async def test_a_slow_answer_is_ours_and_cuts_nobody(port: int) -> None:
    async with connected(port) as (reader, writer):
        slow = b"GET /slow HTTP/1.1\r\nHost: hall\r\n\r\n"
        # The second is unread by us for longer than its time, while the first is answered.
        second = a_post(b'{"service": "A"}')
        writer.write(slow + second[:-5])
        assert (await answer(reader))[2] == b"done"
        writer.write(second[-5:])
        assert (await answer(reader))[0] == 200


async def test_a_client_that_does_not_read_is_cut(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.transport.pause_reading()
        writer.write(b"GET /large HTTP/1.1\r\nHost: hall\r\n\r\n")
        await asyncio.sleep(WAIT_S_MAX * 2)
        writer.transport.resume_reading()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await asyncio.wait_for(answer(reader), 5)


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    async with connected(port) as (reader, writer):
        bodies = [json.dumps({"service": f"S{n}"}).encode() for n in range(20)]
        writer.write(b"".join(map(a_post, bodies)))
        for n in range(20):
            status, _, body = await answer(reader)
            assert (status, json.loads(body)["service"]) == (200, f"S{n}")


async def test_an_oversized_chunked_body_is_413(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(POST_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(9):
            writer.write(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        status, _, body = await answer(reader)
        assert (status, json.loads(body)["code"]) == (413, "request.too_large")


async def test_an_announced_oversized_body_is_413_before_it_comes(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(POST_HEAD + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n")
        status, _, body = await answer(reader)
        assert (status, json.loads(body)["code"]) == (413, "request.too_large")
        await closed_after_s(reader)


@pytest.mark.parametrize("in_one_piece", [True, False])
async def test_a_large_head_is_431(port: int, in_one_piece: bool) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: hall\r\nX-Large: " + b"a" * SETTINGS.head_bytes_max)
        if not in_one_piece:
            await asyncio.sleep(0.05)
        writer.write(b"\r\n\r\n")
        status, headers, body = await answer(reader)
        assert (status, json.loads(body)["code"]) == (431, "request.too_large")
        assert headers["connection"] == "close"


async def test_a_large_body_does_not_make_its_head_large(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(a_post(json.dumps({"service": "a" * 50_000}).encode()))
        status = int((await reader.readline()).split()[1])
        assert status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon " + MARK.encode() + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: hall\r\n\r\n",
        b"BREW / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_with_a_problem(port: int, head: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write(head)
        status, headers, body = await answer(reader)
        assert status == 400
        assert headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in headers
        assert "server" not in headers
        assert json.loads(body)["code"] in {"request.bad_head", "request.bad_url"}
        assert MARK.encode() not in body


async def test_hostile_bodies_over_one_connection(port: int) -> None:
    async with connected(port) as (reader, writer):
        for name, hostile in HOSTILE_BODIES:
            writer.write(a_post(hostile))
            status, _, body = await answer(reader)
            assert 400 <= status < 500, name
            assert json.loads(body)["code"].startswith("request."), name
            assert MARK.encode() not in body, name


async def test_an_answer_that_breaks_is_broken_off(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(b"GET /broken-late HTTP/1.1\r\nHost: hall\r\n\r\n")
        received = await asyncio.wait_for(reader.read(), 5)
        assert received.endswith(b"first\r\n")


async def test_sockets_outlive_the_deadlines_and_are_refused_with_problems(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"ws://127.0.0.1:{port}/live/"
    async with connect(url + "a") as client:
        await asyncio.sleep(WAIT_S_MAX * 2)
        await client.send("still here")
        assert await client.recv() == "still here"
        await client.send("break")
        with pytest.raises(ConnectionClosed):
            await client.recv()
    for path, status, code in (
        ("refused", 403, "request.not_allowed"),
        ("%00", 400, "request.bad_url"),
        ("a/nowhere", 404, "request.not_found"),
        ("a" * 9000, 431, "request.too_large"),
    ):
        with pytest.raises(InvalidStatus) as refusal:
            await connect(url + path)
        assert refusal.value.response.status_code == status
        assert json.loads(refusal.value.response.body or b"")["code"] == code
    assert "handshake" not in caplog.text  # a refusal is no error of ours
    async with connect(url + "refused-late") as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "request.not_allowed")


async def test_a_trusted_proxy_names_the_client_and_nobody_else_does() -> None:
    for trusted, statuses in (([], [200, 429]), (["127.0.0.1"], [200, 200])):
        settings = Settings(trusted_proxies=trusted, limit_address_burst=1, limit_address_requests_per_s=0.01)
        async with serving_edged(an_app(settings), settings) as port, connected(port) as (reader, writer):
            for client, status in zip((b"192.0.2.1", b"192.0.2.2"), statuses, strict=True):
                writer.write(GET[:-2] + b"X-Forwarded-For: " + client + b"\r\n\r\n")
                assert (await answer(reader))[0] == status


async def test_a_stop_is_told_while_all_is_taken_in_and_a_second_signal_ends_that() -> None:
    settings = Settings(shutdown_notice_s=60, shutdown_wait_s_max=2)
    sockets = Sockets(settings)
    app = an_app(settings, checks={"drain": sockets.readiness})
    draining = server.DrainingServer(server.server_config(app, settings, sockets), settings, sockets)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    task = asyncio.create_task(draining._serve([listener]))
    await until(lambda: draining.started)
    draining.handle_exit(signal.SIGINT, None)
    await until(lambda: sockets.is_stopping)
    async with connected(port) as (reader, writer), connect(f"ws://127.0.0.1:{port}/live/a") as client:
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: hall\r\n\r\n")
        status, _, body = await answer(reader)
        assert (status, json.loads(body)["errors"][0]["code"]) == (503, "process.stopping")
        await client.send("here")
        assert await client.recv() == "here"
        draining.handle_exit(signal.SIGINT, None)
        await asyncio.wait_for(task, STOP_S_MAX)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)


def test_open_files_are_allowed_for_every_connection() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        server.allow_open_files(Settings(connections_max=2000))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(2256, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_processes_share_every_address_of_the_host_and_nobody_else_gets_any(host: str) -> None:
    settings = Settings(host=host, port=0, processes=2)
    with server.listening(settings) as first:
        places = [(listener.family, listener.getsockname()) for listener in first]
        with pytest.raises(server.AddressUnusable), server.bound(places, is_shared=True):
            pass
        server.share(first)
        with server.bound(places, is_shared=True) as second, contextlib.ExitStack() as stack:
            for listener in second:
                listener.listen()
            for family, address in places * 30:
                stack.enter_context(socket.socket(family)).connect(address)
            for listener in (*first, *second):
                assert select.select([listener], [], [], 0)[0], "each has connections of its own"
            for _, address in places:
                alone = settings.model_copy(update={"host": address[0], "port": address[1]})
                with pytest.raises(server.AddressUnusable) as refused, server.listening(alone):
                    pass
                assert refused.value.is_in_use
