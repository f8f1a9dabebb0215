"""A line between the journal and PostgreSQL that is cut at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit, urlunsplit

PART_BYTES = 65536
COMMIT = b"COMMIT;"  # and not "READ COMMITTED;"


class Cut(StrEnum):
    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


class FaultyLine:
    """Passes everything through; once armed it cuts the first connection that commits and lets none in until mended."""

    def __init__(self, server_url: str) -> None:
        self._server = urlsplit(server_url)
        self._armed: Cut | None = None
        self._mended = asyncio.Event()
        self._mended.set()
        self.cut_off = asyncio.Event()
        self.flowing = asyncio.Event()
        """While not set it still accepts whoever calls, and passes nothing on."""
        self.flowing.set()

    def arm(self, cut: Cut) -> None:
        self._armed = cut

    def mend(self) -> None:
        self._mended.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """The address of the database through this line."""
        listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        async with listener:
            host, port = listener.sockets[0].getsockname()
            login = self._server.netloc.rpartition("@")[0]
            yield urlunsplit(self._server._replace(netloc=f"{login}@{host}:{port}", query="sslmode=disable"))

    async def _carry(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await self._mended.wait()
        server, to_server = await self._connect()
        answers = asyncio.ensure_future(_pass_on(server, to_client))
        while part := await client.read(PART_BYTES):
            await self.flowing.wait()
            cut = self._armed if COMMIT in part else None
            if cut is None:
                to_server.write(part)
                continue
            self._armed = None
            self._mended.clear()
            await _end(answers)
            if cut is Cut.AFTER_COMMIT:
                to_server.write(part)
                await server.read(PART_BYTES)  # committed, and nobody is told
            self.cut_off.set()
            break
        await _end(answers)
        for writer in (to_client, to_server):
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = parse_qs(self._server.query).get("host")
        if folder:
            return await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.{self._server.port or 5432}")
        return await asyncio.open_connection(self._server.hostname, self._server.port or 5432)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(PART_BYTES):
            writer.write(part)
    writer.close()


async def _end(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
