"""The printer: asked before, given a ticket, asked again until it has answered for it.

`Printed` means that the printer said it carried out the whole job and still has no fault. `PrintFailed` means that
this is not known: nothing, a part or even all of the ticket may be on paper. A job is never sent twice by itself; who
wants it on paper after a failure prints a copy of the same number.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk_client.printing import escpos, fonts, raster
from kiosk_client.printing.escpos import Fault, Mode, Paper
from kiosk_client.printing.links import DeviceLink, Link, LinkLost, LinkTimes, TcpLink
from kiosk_client.printing.ticket import Document, PaperTicket, document, void_document
from kiosk_client.printing.virtual import VirtualLink, VirtualPrinter

PORT: Final = 9100
ANSWER_READS_MAX: Final = 64
"""For one answer; a device that babbles is no printer."""

__all__ = ["AddressWrong", "Fault", "Mode", "Paper", "PrintFailed", "Printed", "Printer", "PrinterTimes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterTimes:
    """The patience with a printer, in seconds."""

    link: LinkTimes = field(default_factory=LinkTimes)
    answer_s_max: float = 1.5
    """For one byte of status, which a printer sends at once."""
    done_s_max: float = 12
    """From the last byte given until the ticket is out."""
    look_s: float = 0.5
    """Between two questions for a fault, while the ticket comes out."""


@dataclass(frozen=True, slots=True)
class Printed:
    """The job was given whole. `confirmed`: the printer answered for it; False where it cannot answer at all.

    `fault` is NEAR_END or None.
    """

    confirmed: bool
    fault: Fault | None = None


class PrintFailed(Exception):
    """The ticket cannot be counted as printed. With no `bytes_sent`, nothing of it is on paper."""

    def __init__(self, fault: Fault, bytes_sent: int) -> None:
        super().__init__(f"{fault} after {bytes_sent} bytes")
        self.fault = fault
        self.bytes_sent = bytes_sent


class AddressWrong(ValueError):
    """Not an address of a printer: `tcp://host:9100`, `file:/dev/usb/lp0`, `virtual:folder`."""


class Printer:
    """One printer, one conversation at a time."""

    def __init__(self, address: str, paper: Paper, mode: Mode, font: Path | None, times: PrinterTimes) -> None:
        self._reach = _Reach(address, paper, font, times.link)
        self._paper, self._mode, self._times = paper, mode, times
        self._font = fonts.find(font) if mode is Mode.RASTER else None
        self._turn = asyncio.Lock()
        self._is_torn = False
        """A ticket broke off: what hangs out of the printer is no ticket, and no part of the next one."""

    @classmethod
    def open(
        cls,
        address: str,
        paper: Paper = Paper.MM80,
        mode: Mode = Mode.TEXT,
        *,
        font: Path | None = None,
        times: PrinterTimes | None = None,
    ) -> "Printer":
        """Needs no printer yet. Raises AddressWrong; FontMissing where something is drawn and no font is installed."""
        return cls(address, paper, mode, font, times or PrinterTimes())

    @property
    def virtual(self) -> VirtualPrinter | None:
        """The printer itself, where it is a virtual one of this process."""
        return self._reach.virtual

    @property
    def is_virtual(self) -> bool:
        """Whether there is no paper to take, but a picture to look at."""
        return self.virtual is not None

    def picture(self) -> bytes | None:
        """The newest ticket of a virtual printer as PNG; None before the first."""
        return None if self.virtual is None else self.virtual.latest

    async def status(self) -> Fault | None:
        """What the printer says is wrong now; OFFLINE when it is not there or says nothing.

        None also where it cannot answer but takes bytes.
        """
        async with self._turn:
            try:
                link = await self._reach.link()
            except LinkLost:
                return Fault.OFFLINE
            try:
                return await _Conversation(link, self._times).fault()
            finally:
                await link.close()

    async def print(self, ticket: PaperTicket) -> Printed:
        """One ticket, cut; raises PrintFailed."""
        async with self._turn:
            job = await asyncio.to_thread(self._job, document(ticket))
            try:
                link = await self._reach.link()
            except LinkLost as lost:
                raise PrintFailed(Fault.OFFLINE, 0) from lost
            try:
                return await self._print(_Conversation(link, self._times), job)
            finally:
                await link.close()

    async def _print(self, conversation: "_Conversation", job: bytes) -> Printed:
        fault = await conversation.fault()
        if fault not in (None, Fault.NEAR_END):
            raise PrintFailed(fault, 0)
        if self._is_torn:
            job = await asyncio.to_thread(self._job, void_document()) + job
        self._is_torn = True
        printed = await conversation.print(job)
        self._is_torn = False
        return printed

    def _job(self, blocks: Document) -> bytes:
        if self._font is None:
            return escpos.text_job(blocks, self._paper, self._mode)
        return escpos.raster_job(raster.drawn(blocks, self._paper, self._font))


class _Reach:
    """Where the printer is."""

    def __init__(self, address: str, paper: Paper, font: Path | None, times: LinkTimes) -> None:
        self._times = times
        self.virtual: VirtualPrinter | None = None
        self._path: Path | None = None
        scheme, _, rest = address.partition(":")
        if scheme == "tcp":
            self._host, self._port = _host_and_port(address)
        elif scheme == "file" and rest:
            self._path = Path(rest.removeprefix("//"))
        elif scheme == "virtual" and rest:
            self.virtual = VirtualPrinter(Path(rest).expanduser(), paper, font=font)
        else:
            raise AddressWrong(address)

    async def link(self) -> Link:
        """A new conversation; raises LinkLost."""
        if self.virtual is not None:
            return VirtualLink(self.virtual)
        if self._path is not None:
            return await DeviceLink.open(self._path, self._times)
        return await TcpLink.open(self._host, self._port, self._times)


class _Conversation:
    """Questions and answers over one link."""

    def __init__(self, link: Link, times: PrinterTimes) -> None:
        self._link, self._times = link, times
        self._is_done = False

    async def fault(self) -> Fault | None:
        """What is wrong now; None where the printer cannot answer."""
        if not self._link.is_answering:
            return None
        try:
            answers = await self._answers()
        except LinkLost:
            return Fault.OFFLINE
        return Fault.OFFLINE if answers is None else escpos.fault(*answers)

    async def print(self, job: bytes) -> Printed:
        """Gives the job away and waits for it; raises PrintFailed."""
        try:
            await self._link.write(job)
        except LinkLost as lost:
            raise PrintFailed(Fault.OFFLINE, lost.bytes_sent) from lost
        if not self._link.is_answering:
            return Printed(confirmed=False)
        try:
            fault = await self._fault_when_done()
        except LinkLost as lost:
            raise PrintFailed(Fault.OFFLINE, len(job)) from lost
        if fault in (None, Fault.NEAR_END):
            return Printed(confirmed=True, fault=fault)
        await self._forget()
        raise PrintFailed(fault, len(job))

    async def _fault_when_done(self) -> Fault | None:
        """Once the printer has carried out all, or says why it does not; raises LinkLost."""
        until_s = asyncio.get_running_loop().time() + self._times.done_s_max
        self._is_done, fault = False, None
        await self._link.write(escpos.ASK_WHEN_DONE)
        while (left_s := until_s - asyncio.get_running_loop().time()) > 0:
            await self._hear(min(left_s, self._times.look_s))
            is_done, answers = self._is_done, await self._answers()
            if answers is None:
                fault = Fault.OFFLINE  # it may be busy: some answer nothing while they print
                continue
            fault = escpos.fault(*answers)
            if is_done or fault not in (None, Fault.NEAR_END):
                return fault
        return Fault.FAILED if fault in (None, Fault.NEAR_END) else fault

    async def _answers(self) -> tuple[int, int, int] | None:
        """To the three questions; None when one stays open; raises LinkLost."""
        said = []
        for question in (escpos.ASK_PRINTER, escpos.ASK_CAUSE, escpos.ASK_PAPER):
            answer = await self._ask(question)
            if answer is None:
                return None
            said.append(answer)
        return said[0], said[1], said[2]

    async def _ask(self, question: bytes) -> int | None:
        """One byte of status; None when it does not come in time."""
        loop = asyncio.get_running_loop()
        await self._hear(0)  # what is left of an older question would be taken for the answer
        await self._link.write(question)
        until_s = loop.time() + self._times.answer_s_max
        for _ in range(ANSWER_READS_MAX):
            if (left_s := until_s - loop.time()) <= 0:
                break
            for byte in await self._hear(left_s):
                if escpos.is_real_time_answer(byte):
                    return byte
        return None

    async def _hear(self, wait_s: float) -> bytes:
        """What the printer says next; notes in passing that the job is done."""
        said = await self._link.read(wait_s)
        self._is_done = self._is_done or any(map(escpos.is_done_answer, said))
        return said

    async def _forget(self) -> None:
        """Not before the printer has heard it is the conversation over."""
        try:
            await self._link.write(escpos.FORGET)
            await self._ask(escpos.ASK_PRINTER)
        except LinkLost:
            return


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORT
    except ValueError as error:
        raise AddressWrong(address) from error
    if not host or parts.path.strip("/") or parts.query or parts.username:
        raise AddressWrong(address)
    return host, port
