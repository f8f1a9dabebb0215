"""A client that costs less than any server: keep-alive connections that write prebuilt requests, by callbacks alone."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httptools

LOST = 0
"""Instead of a status: the connection went before the answer came."""


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.WriteTransport
        self._told: Callable[[int], None] | None = None
        self.body = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body = body

    def on_message_complete(self) -> None:
        self._tell(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(LOST)

    def _tell(self, status: int) -> None:
        told, self._told = self._told, None
        if told is not None:
            told(status)

    def ask(self, request: bytes, told: Callable[[int], None]) -> None:
        """Sends a whole request; `told` is called with the status of its answer, or `LOST`."""
        self._told = told
        if self._transport.is_closing():
            self._tell(LOST)
        else:
            self._transport.write(request)

    def close(self) -> None:
        self._transport.abort()


@dataclass(slots=True)
class Taken:
    """What some requests took."""

    seconds: float = 0
    latencies_s: list[float] = field(default_factory=list)

    def add(self, more: "Taken") -> None:
        self.seconds += more.seconds
        self.latencies_s += more.latencies_s

    @property
    def per_s(self) -> float:
        return len(self.latencies_s) / self.seconds


class Lines:
    """Connections to one server."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @classmethod
    async def open(cls, port: int, number: int) -> "Lines":
        loop = asyncio.get_running_loop()
        return cls([(await loop.create_connection(Line, "127.0.0.1", port))[1] for _ in range(number)])

    def close(self) -> None:
        for line in self._lines:
            line.close()

    async def saturate(self, requests: list[bytes], status: int) -> Taken:
        """Every line asks the next request as soon as it has its answer."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        taken = Taken()
        rest = iter(requests)
        open_lines = len(self._lines)

        def ask(line: Line) -> None:
            nonlocal open_lines
            request = next(rest, None)
            if request is None:
                open_lines -= 1
                if not open_lines:
                    done.set_result(None)
                return
            started_s = time.perf_counter()

            def told(answered: int) -> None:
                taken.latencies_s.append(time.perf_counter() - started_s)
                if answered == status:
                    ask(line)
                elif not done.done():
                    done.set_exception(AssertionError(f"{answered}: {line.body!r}"))

            line.ask(request, told)

        started_s = time.perf_counter()
        for line in self._lines:
            ask(line)
        await done
        taken.seconds = time.perf_counter() - started_s
        return taken

    async def keep_rate(self, requests: list[bytes], status: int, per_s: float) -> Taken:
        """Requests fall due at a steady rate, whether answers come or not; a latency counts from when it fell due."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        taken = Taken()
        free = list(self._lines)
        due: list[tuple[float, bytes]] = []
        rest: Iterator[tuple[float, bytes]]

        def send() -> None:
            while free and due:
                ask(free.pop(), *due.pop(0))

        def ask(line: Line, due_s: float, request: bytes) -> None:
            def told(answered: int) -> None:
                taken.latencies_s.append(loop.time() - due_s)
                if answered != status:
                    if not done.done():
                        done.set_exception(AssertionError(f"{answered}: {line.body!r}"))
                    return
                free.append(line)
                send()
                if len(taken.latencies_s) == len(requests) and not done.done():
                    done.set_result(None)

            line.ask(request, told)

        started_s = loop.time()
        rest = iter([(started_s + number / per_s, request) for number, request in enumerate(requests)])

        def fall_due(one: tuple[float, bytes] | None) -> None:
            while one is not None and one[0] <= loop.time():
                due.append(one)
                one = next(rest, None)
            send()
            if one is not None:
                loop.call_at(one[0], fall_due, one)

        fall_due(next(rest, None))
        await done
        taken.seconds = loop.time() - started_s
        return taken
