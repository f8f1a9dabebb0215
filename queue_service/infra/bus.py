"""Tells all processes of the service which topic has moved to which seq; nothing else travels here.

Whoever hears of a seq beyond what it has loads the gap from where it is durable. News may come twice; where some may
have been lost, a `Resync` comes.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, Self

import asyncpg
import structlog

from queue_service.infra.database import postgres_connect
from queue_service.settings import Settings

CHANNEL = "queue_service_moved"
PAYLOAD_BYTES_MAX = 7000
"""PostgreSQL takes 7,999 bytes."""

RESYNC = "resync"
RECONNECT_S_MIN = 0.1
CLOSE_S_MAX = 1.0
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`topic` has come to `seq` at least."""

    topic: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """News may have been missed: look again at everything you follow."""


News = Moved | Resync
Listener = Callable[[News], None]
"""Called in the loop; must neither wait nor raise."""


class Bus(Protocol):
    losses: int
    """Times that news may have been missed, because the connection was lost."""

    def publish(self, topic: str, seq: int) -> None:
        """Says that `topic`, a word without white space, has moved; returns at once. The publisher hears it too."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Lets `listener` hear all news until the function that is given back is called."""

    async def close(self) -> None:
        """Ends, once what was published has been sent, or cannot be."""


async def open_bus(settings: Settings) -> Bus:
    """The bus between the processes that share a PostgreSQL; within the process where there is only one."""
    if settings.database_url is None:
        return MemoryBus()
    return await PostgresBus.open(settings)


class _Listeners:
    def __init__(self) -> None:
        self.losses = 0
        self._listeners: dict[object, Listener] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        subscription = object()
        self._listeners[subscription] = listener

        def end() -> None:
            self._listeners.pop(subscription, None)

        return end

    def tell(self, news: News) -> None:
        for listener in tuple(self._listeners.values()):
            listener(news)


class MemoryBus(_Listeners):
    """A `Bus` within one process."""

    def publish(self, topic: str, seq: int) -> None:
        asyncio.get_running_loop().call_soon(self.tell, Moved(topic=topic, seq=seq))

    async def close(self) -> None:
        self._listeners.clear()


class PostgresBus(_Listeners):
    """A `Bus` over LISTEN and NOTIFY, on a connection of its own, apart from every transaction of the journal.

    While one message is on its way the next gathers, of each topic the newest seq only. A connection that is lost is
    opened again for as long as it takes; afterwards every listener is told to resync.

    What a killed process had made durable and not told yet is told by the one that takes its place: whoever starts asks
    all others to look again.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._pending: dict[str, int] = {}
        self._is_resync_pending = True
        self._is_closing = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Listens from now on; raises what the driver raises when the database does not answer."""
        bus = cls(settings)
        bus._task = asyncio.get_running_loop().create_task(bus._run(await bus._connect()))
        bus._wake.set()
        return bus

    def publish(self, topic: str, seq: int) -> None:
        assert not any(character.isspace() for character in topic), "a topic is one word"
        self._pending[topic] = max(seq, self._pending.get(topic, seq))
        if len(self._pending) > self._settings.bus_topics_max:
            self._pending.clear()
            self._is_resync_pending = True
        self._wake.set()

    async def close(self) -> None:
        assert self._task is not None
        self._is_closing = True
        self._wake.set()
        await asyncio.wait([self._task], timeout=CLOSE_S_MAX)
        self._task.cancel()
        await asyncio.wait([self._task])
        self._listeners.clear()

    async def _run(self, connection: asyncpg.Connection) -> None:
        pause_s = RECONNECT_S_MIN
        while True:
            try:
                try:
                    await self._send_until_closing(connection)
                    return
                finally:
                    with suppress(*FAILURES):
                        await connection.close(timeout=CLOSE_S_MAX)
            except FAILURES as error:
                self.losses += 1
                log.warning("bus.lost", kind=type(error).__name__)
            while True:
                await asyncio.sleep(pause_s)
                try:
                    connection = await self._connect()
                    break
                except FAILURES:
                    pause_s = min(2 * pause_s, self._settings.bus_reconnect_s_max)
            pause_s = RECONNECT_S_MIN
            self.tell(Resync())

    async def _connect(self) -> asyncpg.Connection:
        connection = await postgres_connect(self._settings, "journal")
        await connection.add_listener(CHANNEL, self._hear)
        connection.add_termination_listener(lambda _: self._wake.set())
        return connection

    async def _send_until_closing(self, connection: asyncpg.Connection) -> None:
        is_last = False
        while not is_last:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._settings.bus_heartbeat_s)
            self._wake.clear()
            is_last = self._is_closing
            moved, self._pending = self._pending, {}
            payloads = list(_payloads(moved))
            is_resync, self._is_resync_pending = self._is_resync_pending, False
            if is_resync:
                payloads.append(RESYNC)
            try:
                # With nothing to send it asks nothing and so sees whether the connection lives.
                await connection.execute(
                    "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", CHANNEL, payloads
                )
            except FAILURES:
                self._is_resync_pending = self._is_resync_pending or is_resync
                for topic, seq in moved.items():
                    self.publish(topic, seq)
                raise

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for line in str(payload).splitlines():
            topic, _, seq = line.partition(" ")
            self.tell(Moved(topic=topic, seq=int(seq)) if seq.isdecimal() else Resync())


def _payloads(moved: dict[str, int]) -> Iterator[str]:
    """Lines `topic seq`, as many together as a message takes."""
    lines: list[str] = []
    size = 0
    for topic, seq in moved.items():
        line = f"{topic} {seq}"
        size += len(line.encode()) + 1
        if size > PAYLOAD_BYTES_MAX:
            yield "\n".join(lines)
            lines, size = [], len(line.encode()) + 1
        lines.append(line)
    if lines:
        yield "\n".join(lines)
