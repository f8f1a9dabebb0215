import asyncio
import gc
import json
import logging
import statistics
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from queue_service.infra.push import CutReason, Pushable, Sockets, text_frame
from queue_service.settings import Settings
from tests.infra.serving import HANDSHAKE, Listeners, frozen_client, serving, until


@asynccontextmanager
async def hall(**settings: Any) -> AsyncIterator[tuple[Sockets, Listeners, int]]:
    """A served app that collects its sockets, and its port."""
    listeners = Listeners()
    sockets = Sockets(Settings(**settings))
    async with serving(listeners.app(), sockets) as port:
        yield sockets, listeners, port


def a_client(port: int) -> connect:
    return connect(f"ws://127.0.0.1:{port}/live", compression=None, ping_interval=None, max_queue=None)


@given(st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]), st.sampled_from("a号"))
def test_a_text_frame_reads_back(size: int, letter: str) -> None:
    payload = (letter * size).encode()[:size]
    reader = StreamReader()
    reader.feed_data(text_frame(payload))
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as parsed:
        next(parsing)
    assert parsed.value.value == Frame(Opcode.TEXT, payload)
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


async def test_frames_arrive_whole_and_in_order() -> None:
    async with hall() as (_, listeners, port), a_client(port) as socket:
        await until(lambda: listeners.sockets)
        for number in range(20):
            listeners.sockets[0].push(text_frame(str(number).encode()))
        assert [await socket.recv() for _ in range(20)] == [str(number) for number in range(20)]


async def test_a_slow_reader_gets_only_the_newest() -> None:
    async with hall() as (_, listeners, port), frozen_client(port) as reader:
        await until(lambda: listeners.sockets)
        for number in range(500):
            listeners.sockets[0].push(text_frame(json.dumps({"number": number, "pad": "x" * 4000}).encode()))
            if number % 50 == 0:
                await asyncio.sleep(0)
        listeners.sockets[0].push_if_clear(text_frame(b"must neither come nor replace the newest"))

        numbers: list[int] = []
        received = b""
        while not numbers or numbers[-1] < 499:
            received += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(reader, 65_536), 5)
            while len(received) >= 4 and len(received) >= (size := 4 + int.from_bytes(received[2:4])):
                numbers.append(json.loads(received[4:size])["number"])
                received = received[size:]
        assert all(earlier < later for earlier, later in pairwise(numbers))
        assert len(numbers) < 30
        assert not received


async def test_what_is_only_worth_something_now_is_sent_when_clear() -> None:
    async with hall() as (_, listeners, port), a_client(port) as socket:
        await until(lambda: listeners.sockets)
        listeners.sockets[0].push_if_clear(text_frame(b"now"))
        assert await socket.recv() == "now"


async def test_three_frozen_clients_delay_nobody_and_are_cut() -> None:
    async with hall(socket_stall_s=1.0) as (sockets, listeners, port), AsyncExitStack() as stack:
        living = [await stack.enter_async_context(a_client(port)) for _ in range(30)]
        await until(lambda: len(listeners.sockets) == 30)
        alone_s = await last_delays_s(listeners.sockets, living)

        for _ in range(3):
            await stack.enter_async_context(frozen_client(port))
        await until(lambda: len(listeners.sockets) == 33)
        beside_s = await last_delays_s(listeners.sockets, living)
        assert statistics.median(beside_s) < 3 * statistics.median(alone_s) + 0.005

        await until(lambda: len(listeners.closed) == 3)
        assert sockets.cuts == {CutReason.STALLED: 3}
        assert len(sockets) == 30


async def last_delays_s(sockets: list[Pushable], living: list[ClientConnection]) -> list[float]:
    """Tells 300 views to all, and gives for each how long the last of the living waited for it."""
    delays_s = []
    for number in range(300):
        frame = text_frame(json.dumps({"number": number, "pad": "x" * 4000}).encode())
        started_s = time.perf_counter()
        for each in sockets:
            each.push(frame)
        for client in living:
            assert json.loads(await client.recv())["number"] == number
        delays_s.append(time.perf_counter() - started_s)
    return delays_s


async def test_a_silent_client_is_pinged_and_cut_while_one_that_answers_stays() -> None:
    async with (
        hall(socket_ping_s=0.3, socket_pong_s=0.5) as (sockets, listeners, port),
        a_client(port) as living,
        frozen_client(port) as silent,
    ):
        await until(lambda: len(listeners.sockets) == 2)
        await until(lambda: len(sockets) == 1)
        assert sockets.cuts == {CutReason.SILENT: 1}
        assert silent.recv(100) == b"\x89\x00"
        await asyncio.sleep(2.2)
        assert len(sockets) == 1
        listeners.sockets[0].push(text_frame(b"still here"))
        assert await living.recv() == "still here"


async def test_a_flood_is_cut() -> None:
    async with hall() as (sockets, listeners, port), a_client(port) as socket:
        with pytest.raises(ConnectionClosed):
            for _ in range(100):
                await socket.send("x" * 1000)
            await socket.recv()
        await until(lambda: listeners.closed)
        assert sockets.cuts == {CutReason.FLOODING: 1}
        assert len(listeners.heard) <= 8


async def test_a_flood_of_pings_is_cut_though_nothing_is_read() -> None:
    async with hall() as (sockets, listeners, port), frozen_client(port) as flooding:
        await until(lambda: listeners.sockets)
        flooding.send((b"\x89\x80" + bytes(4)) * 2000)
        await until(lambda: listeners.closed)
        assert sockets.cuts == {CutReason.FLOODING: 1}


async def test_a_flood_before_the_handshake_is_answered_is_cut() -> None:
    async with hall() as (sockets, listeners, port):
        listeners.may_accept.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        await asyncio.sleep(0.1)
        writer.write((b"\x89\x80" + bytes(4)) * 2000)
        await until(lambda: sockets.cuts[CutReason.FLOODING])
        listeners.may_accept.set()
        writer.close()


async def test_a_message_too_long_ends_the_socket() -> None:
    async with hall() as (_, listeners, port), a_client(port) as socket:
        await socket.send("x" * 4096)
        await until(lambda: listeners.heard)
        await asyncio.sleep(1.1)
        await socket.send("x" * 4097)
        await until(lambda: listeners.closed)
        assert listeners.closed == [1009]
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1009


async def test_close_tells_the_client_and_the_route() -> None:
    async with hall() as (sockets, listeners, port), a_client(port) as socket:
        await until(lambda: listeners.sockets)
        listeners.sockets[0].close(4401)
        listeners.sockets[0].close(4401)
        listeners.sockets[0].push(text_frame(b"too late"))
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401
        await until(lambda: len(sockets) == 0)
        assert listeners.closed == [4401]
        listeners.sockets[0].push(text_frame(b"nobody there"))


async def test_close_cuts_a_client_that_does_not_drain() -> None:
    async with hall() as (sockets, listeners, port), frozen_client(port):
        await until(lambda: listeners.sockets)
        for _ in range(100):
            listeners.sockets[0].push(text_frame(b"x" * 4000))
        listeners.sockets[0].close(4401)
        await until(lambda: len(sockets) == 0)


async def test_a_frozen_client_does_not_keep_the_server_from_stopping() -> None:
    async with AsyncExitStack() as clients:
        async with hall() as (_, listeners, port):
            await clients.enter_async_context(frozen_client(port))
            await until(lambda: listeners.sockets)
            for _ in range(100):
                listeners.sockets[0].push(text_frame(b"x" * 4000))
            stopping_s = time.perf_counter()
        assert time.perf_counter() - stopping_s < 2


async def test_more_sockets_than_allowed_are_refused() -> None:
    async with hall(socket_max=2) as (_, listeners, port):
        async with a_client(port), a_client(port):
            await until(lambda: len(listeners.sockets) == 2)
            with pytest.raises(InvalidStatus) as refused:
                await a_client(port)
            assert refused.value.response.status_code == 503
        await until(lambda: len(listeners.closed) == 2)
        async with a_client(port):
            await until(lambda: len(listeners.sockets) == 3)


async def test_a_closed_socket_leaves_memory_without_a_garbage_collection() -> None:
    gc.collect()
    gc.disable()
    try:
        async with hall() as (sockets, listeners, port):
            async with a_client(port):
                await until(lambda: listeners.sockets)
                remembered = weakref.ref(listeners.sockets.pop())
            await until(lambda: len(sockets) == 0)
            await until(lambda: remembered() is None)
    finally:
        gc.enable()


async def test_a_path_with_a_token_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    async with hall() as (_, listeners, port):
        async with connect(f"ws://127.0.0.1:{port}/live?token=verysecret"):
            await until(lambda: listeners.sockets)
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{port}/verysecret")
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize(
    "scenario",
    [
        test_frames_arrive_whole_and_in_order,
        test_a_slow_reader_gets_only_the_newest,
        test_three_frozen_clients_delay_nobody_and_are_cut,
        test_a_silent_client_is_pinged_and_cut_while_one_that_answers_stays,
        test_close_tells_the_client_and_the_route,
        test_close_cuts_a_client_that_does_not_drain,
        test_a_frozen_client_does_not_keep_the_server_from_stopping,
        test_more_sockets_than_allowed_are_refused,
    ],
)
def test_the_other_event_loop_behaves_alike(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())
