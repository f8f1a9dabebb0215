"""A printer without paper: it decodes the very bytes that a printer gets to pictures, and plays every fault.

In its folder: `ticket-0001.png` and on, one for each ticket cut off; `scrap-0001.png` and on, for paper that is none;
`errors.txt` for bytes that it does not know. A word in the file `fault` there is played at once, by whoever writes it;
a number after it lets so many bytes through first:

`paper_out` `cover` `failed`
    It stops printing and says so; once the fault is gone it goes on with what it has received.
`stuck`
    It stops printing and says that all is well.
`near_end`
    It prints and says so.
`offline`
    It hangs: takes all, prints nothing, answers nothing, and has forgotten all when it is back.
`power`
    The connection dies, what it has not printed is lost.
`slow`
    It takes its time for every byte.

An empty file, or none: all is well. `python -m kiosk_client.printing.virtual` lets it listen like a printer in the
network.
"""

import asyncio
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, cast, get_args

import typer

from kiosk_client.printing import fonts
from kiosk_client.printing.decoder import CommandUnknown, Decoder, Piece
from kiosk_client.printing.escpos import Paper
from kiosk_client.printing.links import LinkLost

PICTURES_MAX: Final = 500
"""Of each kind, kept in the folder."""
PENDING_BYTES_MAX: Final = 256 * 1024
"""Kept while it cannot print."""
IDLE_S_MAX: Final = 60
"""A connection that says nothing for so long is closed for the next one."""
SLOW_BYTES_PER_S: Final = 4000
READ_BYTES: Final = 4096
FAULT_CHARS_MAX: Final = 40

Word = Literal["", "paper_out", "near_end", "cover", "failed", "stuck", "offline", "power", "slow"]
_SAID: Final = frozenset({"paper_out", "cover", "failed"})
_STOPS: Final = _SAID | {"stuck"}
_FORGET: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
_REAL_TIME: Final = re.compile(rb"\x10\x04[\x01\x02\x04]|" + re.escape(_FORGET), re.DOTALL)
_NOTHING_SEEN: Final = (-1, -1, -1)
_REAL_TIME_ALL: Final = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04", _FORGET)


@dataclass(frozen=True, slots=True)
class Play:
    """A fault to play once `after` more bytes have come."""

    word: Word = ""
    after: int = 0


class PowerLost(Exception):
    """The printer went dark; `bytes_taken` of the last ones had come in."""

    def __init__(self, bytes_taken: int) -> None:
        super().__init__(bytes_taken)
        self.bytes_taken = bytes_taken


class VirtualPrinter:
    """The device; its methods may be called from any thread."""

    def __init__(self, folder: Path, paper: Paper = Paper.MM80, *, font: Path | None = None) -> None:
        """Makes the folder; raises FontMissing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tickets: list[Piece] = []
        """Whole ones, cut since the start."""
        self.scraps: list[Piece] = []
        self.errors: list[str] = []
        """What came that no command is."""
        self.latest: bytes | None = None
        """The newest ticket, as PNG."""
        self._decoder = Decoder(paper, fonts.find(font), on_cut=self._cut, on_question=self._answer_done)
        self._lock = threading.Lock()
        self._numbers = {kind: _last_number(folder, kind) for kind in ("ticket", "scrap")}
        self._play, self._play_seen = Play(), _NOTHING_SEEN
        self._received = 0
        self._inbox = b""
        self._pending = b""
        self._answers = b""
        self._is_confused = False

    @property
    def cuts(self) -> int:
        """Since the start, of tickets and scraps."""
        return len(self.tickets) + len(self.scraps)

    @property
    def has_paper_out(self) -> bool:
        """Whether something printed has not been cut off yet."""
        return self._decoder.has_paper_out

    @property
    def is_slow(self) -> bool:
        """Whether it takes its time."""
        return self._active == "slow"

    def play(self, fault: str) -> None:
        """Writes the fault into the folder: a word and, if it comes later, a number of bytes; empty: none."""
        _parsed(fault)
        draft = self.folder / "fault.new"
        draft.write_text(fault, encoding="utf-8")
        draft.replace(self.folder / "fault")
        with self._lock:
            self._look_for_fault()

    def begin(self) -> None:
        """A new connection; bytes of an older one may still stand in it, as in a real printer."""
        with self._lock:
            self._decoder.begin()
            self._inbox = self._answers = b""
            self._look_for_fault()

    def receive(self, data: bytes) -> bytes:
        """Takes bytes, gives its answers; raises PowerLost."""
        with self._lock:
            self._look_for_fault()
            taken = 0
            while taken < len(data):
                left = self._play.after - self._received
                piece = data[taken : taken + left] if left > 0 else data[taken:]
                if self._active == "power":
                    self._go_dark()
                    raise PowerLost(taken)
                self._take(piece)
                taken += len(piece)
                self._received += len(piece)
                if left > 0 and self._received >= self._play.after:
                    self._begin_fault()
            if self._active == "power" and self._play.after:
                self._go_dark()
                raise PowerLost(taken)
            answers, self._answers = self._answers, b""
            return b"" if self._active == "offline" else answers

    @property
    def _active(self) -> Word:
        return self._play.word if self._received >= self._play.after else ""

    def _look_for_fault(self) -> None:
        path = self.folder / "fault"
        try:
            stat = path.stat()
            seen = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if seen == self._play_seen:
                return
            play = _parsed(path.read_text(encoding="utf-8")[:FAULT_CHARS_MAX])
        except FileNotFoundError:
            seen, play = _NOTHING_SEEN, Play()
            if seen == self._play_seen:
                return
        except ValueError as error:
            self._note_error(str(error))
            play = Play()
        self._play_seen, self._play, self._received = seen, play, 0
        self._is_confused = False
        self._begin_fault()
        self._carry_out(b"")

    def _begin_fault(self) -> None:
        if self._active == "offline":
            self._go_dark()

    def _go_dark(self) -> None:
        self._inbox = self._pending = self._answers = b""
        self._decoder.forget()

    def _take(self, data: bytes) -> None:
        if self._active == "offline" or (self._is_confused and not data):
            return
        self._inbox += data
        while found := _REAL_TIME.search(self._inbox):
            self._carry_out(self._inbox[: found.start()])
            self._inbox = self._inbox[found.end() :]
            self._real_time(found.group())
        kept = _begun_real_time(self._inbox)
        whole, self._inbox = self._inbox[: len(self._inbox) - kept], self._inbox[len(self._inbox) - kept :]
        self._carry_out(whole)

    def _real_time(self, command: bytes) -> None:
        if command == _FORGET:
            self._pending = b""
            self._decoder.forget()
            return
        fault = "failed" if self._is_confused else self._active
        bits = 0b0001_0010
        match command[2]:
            case 1:
                bits |= 0b0000_1000 if fault in _SAID else 0
            case 2:
                bits |= {"cover": 0b0000_0100, "paper_out": 0b0010_0000, "failed": 0b0100_0000}.get(fault, 0)
            case _:
                bits |= {"near_end": 0b0000_1100, "paper_out": 0b0110_1100}.get(fault, 0)
        self._answers += bytes([bits])

    def _carry_out(self, data: bytes) -> None:
        self._pending += data
        if self._is_confused:
            self._pending = b""
        if self._active in _STOPS:
            if len(self._pending) > PENDING_BYTES_MAX:
                self._note_error("more bytes than a printer keeps")
                self._pending = b""
            return
        pending, self._pending = self._pending, b""
        try:
            self._decoder.feed(pending)
        except CommandUnknown as error:
            self._note_error(str(error))
            self._is_confused = True
            self._decoder.forget()

    def _answer_done(self) -> None:
        self._answers += bytes([0b11 if self._active == "near_end" else 0])

    def _cut(self, piece: Piece) -> None:
        if piece.is_whole:
            self.tickets.append(piece)
            self.latest = self._save("ticket", piece)
        else:
            self.scraps.append(piece)
            self._save("scrap", piece)
        for kept in (self.tickets, self.scraps):
            del kept[:-PICTURES_MAX]

    def _save(self, kind: str, piece: Piece) -> bytes:
        self._numbers[kind] += 1
        number = self._numbers[kind]
        picture = piece.png()
        draft = self.folder / f"{kind}.new"
        draft.write_bytes(picture)
        draft.replace(self.folder / f"{kind}-{number:04}.png")
        (self.folder / f"{kind}-{number - PICTURES_MAX:04}.png").unlink(missing_ok=True)
        return picture

    def _note_error(self, error: str) -> None:
        self.errors.append(error)
        del self.errors[:-PICTURES_MAX]
        with (self.folder / "errors.txt").open("a", encoding="utf-8") as file:
            file.write(error + "\n")


class VirtualLink:
    """A conversation with a virtual printer of this process."""

    is_answering = True

    def __init__(self, printer: VirtualPrinter) -> None:
        self._printer = printer
        self._said = b""
        printer.begin()

    async def write(self, data: bytes) -> None:
        """Raises LinkLost."""
        if self._printer.is_slow:
            await asyncio.sleep(len(data) / SLOW_BYTES_PER_S)
        try:
            self._said += await asyncio.to_thread(self._printer.receive, data)
        except PowerLost as lost:
            raise LinkLost("power lost", lost.bytes_taken) from lost

    async def read(self, wait_s: float) -> bytes:
        """It answers at once or not at all."""
        if not self._said:
            await asyncio.sleep(wait_s)
        said, self._said = self._said, b""
        return said

    async def close(self) -> None:
        """Nothing to close."""


async def listen(printer: VirtualPrinter, host: str, port: int) -> asyncio.Server:
    """A virtual printer in the network; it talks to one at a time, as printers do."""
    turn = asyncio.Lock()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with turn:
                await _converse(printer, reader, writer)
        except (OSError, TimeoutError, PowerLost):
            writer.transport.abort()
        finally:
            writer.close()

    return await asyncio.start_server(converse, host, port)


async def _converse(printer: VirtualPrinter, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    printer.begin()
    while True:
        async with asyncio.timeout(IDLE_S_MAX):
            data = await reader.read(READ_BYTES)
        if not data:
            return
        if printer.is_slow:
            await asyncio.sleep(len(data) / SLOW_BYTES_PER_S)
        writer.write(await asyncio.to_thread(printer.receive, data))
        async with asyncio.timeout(IDLE_S_MAX):
            await writer.drain()


def _parsed(fault: str) -> Play:
    """Raises ValueError."""
    word, _, number = fault.strip().partition(" ")
    if word not in get_args(Word) or (number and not number.isdecimal()):
        raise ValueError(f"no fault to play: {fault!r}")
    return Play(cast(Word, word), int(number or 0))


def _last_number(folder: Path, kind: str) -> int:
    numbers = (path.stem.removeprefix(f"{kind}-") for path in folder.glob(f"{kind}-*.png"))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _begun_real_time(data: bytes) -> int:
    """How many bytes at the end may be the beginning of a real-time command."""
    longest = max(map(len, _REAL_TIME_ALL)) - 1
    for count in range(min(longest, len(data)), 0, -1):
        if any(command.startswith(data[-count:]) for command in _REAL_TIME_ALL):
            return count
    return 0


def main(
    folder: Annotated[Path, typer.Option(help="for pictures and the file `fault`")],
    port: Annotated[int, typer.Option(help="0: any that is free", min=0, max=65535)] = 9100,
    host: str = "127.0.0.1",
    paper: Annotated[Paper, typer.Option(help="width of the roll in millimetres")] = Paper.MM80,
    font: Annotated[Path | None, typer.Option(help="a font file with Chinese characters")] = None,
) -> None:
    """A printer without paper that listens in the network."""
    try:
        printer = VirtualPrinter(folder, paper, font=font)
    except fonts.FontMissing as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(1) from missing

    async def serve() -> None:
        server = await listen(printer, host, port)
        address = server.sockets[0].getsockname()
        typer.echo(f"tcp://{address[0]}:{address[1]} -> {os.fspath(folder)}")
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    typer.run(main)
