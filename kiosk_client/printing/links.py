"""Ways to a printer: a network socket, a device file. A link is opened for one conversation and closed after it.

A printer that cannot be reached, does not take bytes or goes away raises LinkLost.
"""

import asyncio
import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

DEVICE_LOOK_S: Final = 0.005
"""Between two looks at a device file that had no room or nothing to say."""
READ_BYTES: Final = 256
WRITE_BYTES: Final = 4096
"""Given to the printer at a time, so that its pace is seen."""


class LinkLost(Exception):
    """The printer is not there, or no longer; `bytes_sent` of the last write had been given away before."""

    def __init__(self, why: str, bytes_sent: int = 0) -> None:
        super().__init__(why)
        self.bytes_sent = bytes_sent


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimes:
    """The patience of a link, in seconds."""

    open_s_max: float = 3
    write_s_max: float = 8
    """For the next few bytes to be taken; a printer out of paper takes none."""
    close_s_max: float = 1


class Link(Protocol):
    """A conversation with a printer."""

    @property
    def is_answering(self) -> bool:
        """Whether the printer can say anything this way."""
        ...

    async def write(self, data: bytes) -> None:
        """All of it; raises LinkLost."""
        ...

    async def read(self, wait_s: float) -> bytes:
        """What the printer says next; empty when it says nothing for so long; raises LinkLost."""
        ...

    async def close(self) -> None:
        """Ends the conversation; raises nothing."""
        ...


class TcpLink:
    """A printer in the network, at its raw port."""

    is_answering = True

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, times: LinkTimes) -> None:
        self._reader, self._writer, self._times = reader, writer, times

    @classmethod
    async def open(cls, host: str, port: int, times: LinkTimes) -> "TcpLink":
        """Connects; raises LinkLost."""
        try:
            async with asyncio.timeout(times.open_s_max):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise LinkLost(f"cannot connect: {error}") from error
        # What has not left this machine has not been sent: a large buffer would make `bytes_sent` a guess.
        writer.transport.set_write_buffer_limits(high=0)
        return cls(reader, writer, times)

    async def write(self, data: bytes) -> None:
        """Piece by piece."""
        sent = 0
        try:
            for start in range(0, len(data), WRITE_BYTES):
                piece = data[start : start + WRITE_BYTES]
                self._writer.write(piece)
                async with asyncio.timeout(self._times.write_s_max):
                    await self._writer.drain()
                sent += len(piece)
        except (OSError, TimeoutError) as error:
            raise LinkLost(f"not taken: {error}", sent) from error

    async def read(self, wait_s: float) -> bytes:
        """The next bytes."""
        try:
            async with asyncio.timeout(wait_s):
                said = await self._reader.read(READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LinkLost(f"gone: {error}") from error
        if not said:
            raise LinkLost("closed by the printer")
        return said

    async def close(self) -> None:
        """Orderly, or at once when the printer does not agree in time."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._times.close_s_max):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()


class DeviceLink:
    """A device file as the system's printer driver makes it.

    It is asked again and again instead of waited for: drivers differ in what they report as ready, and a plain file
    is never reported at all. A file that can only be written to has no answers.
    """

    def __init__(self, fd: int, times: LinkTimes, *, is_answering: bool) -> None:
        self._fd, self._times = fd, times
        self.is_answering = is_answering

    @classmethod
    async def open(cls, path: Path, times: LinkTimes) -> "DeviceLink":
        """Opens what must be there already; raises LinkLost."""
        try:
            is_device = stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116  # answers at once, unlike a disk
            if is_device:
                with suppress(PermissionError):
                    return cls(_opened(path, os.O_RDWR), times, is_answering=True)
            # From a plain file or a pipe it would read back its own words.
            return cls(_opened(path, os.O_WRONLY | os.O_APPEND), times, is_answering=False)
        except OSError as error:
            raise LinkLost(f"cannot open {path}: {error.strerror}") from error

    async def write(self, data: bytes) -> None:
        """As much at a time as the driver takes."""
        loop = asyncio.get_running_loop()
        sent, progress_s = 0, loop.time()
        while sent < len(data):
            try:
                taken = os.write(self._fd, data[sent : sent + WRITE_BYTES])
            except BlockingIOError:
                taken = 0
            except OSError as error:
                raise LinkLost(f"not taken: {error.strerror}", sent) from error
            if taken:
                sent, progress_s = sent + taken, loop.time()
                continue
            if loop.time() - progress_s > self._times.write_s_max:
                raise LinkLost("not taken in time", sent)
            await asyncio.sleep(DEVICE_LOOK_S)

    async def read(self, wait_s: float) -> bytes:
        """The next bytes."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + wait_s
        while True:
            try:
                said = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                said = b""
            except OSError as error:
                raise LinkLost(f"gone: {error.strerror}") from error
            if said or loop.time() >= until_s:
                return said
            await asyncio.sleep(DEVICE_LOOK_S)

    async def close(self) -> None:
        """At once."""
        with suppress(OSError):
            os.close(self._fd)


def _opened(path: Path, flags: int) -> int:
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if os.isatty(fd):
        _make_raw(fd)
    return fd


def _make_raw(fd: int) -> None:
    """A serial line must not treat bytes of a ticket as keys pressed, nor echo answers."""
    import termios  # noqa: PLC0415  # not on every system
    import tty  # noqa: PLC0415

    try:
        tty.setraw(fd)
    except termios.error as error:
        raise OSError(errno.EIO, str(error)) from error
