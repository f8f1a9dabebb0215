"""Printers for tests: in this process, and behind real sockets."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from kiosk_client.printing.escpos import Mode, Paper
from kiosk_client.printing.printer import Printer
from kiosk_client.printing.virtual import VirtualPrinter, listen
from tests.kiosk_client.printing.paper import QUICK

Opened = Callable[..., Printer]


@pytest.fixture
def device(tmp_path: Path) -> Iterator[VirtualPrinter]:
    """A virtual printer; whatever it did not know fails the test."""
    printer = VirtualPrinter(tmp_path / "printer")
    yield printer
    assert printer.errors == []


@pytest.fixture
async def address(device: VirtualPrinter) -> AsyncIterator[str]:
    """The device in the network."""
    server = await listen(device, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"tcp://{host}:{port}"
    server.close()
    await server.wait_closed()


@pytest.fixture
def networked(address: str) -> Printer:
    return Printer.open(address, times=QUICK)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens printers of this process; whatever they did not know fails the test."""
    printers: list[Printer] = []

    def open_one(paper: Paper = Paper.MM80, mode: Mode = Mode.TEXT) -> Printer:
        printer = Printer.open(f"virtual:{tmp_path / str(len(printers))}", paper, mode, times=QUICK)
        printers.append(printer)
        return printer

    yield open_one
    assert [printer.virtual.errors for printer in printers if printer.virtual and printer.virtual.errors] == []
