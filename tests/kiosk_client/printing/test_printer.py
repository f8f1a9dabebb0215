"""The printer answers for each ticket: every fault is told, none makes a second ticket."""

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk_client.printing import escpos, fonts, raster
from kiosk_client.printing.escpos import Mode, Paper
from kiosk_client.printing.printer import AddressWrong, Fault, Printed, Printer, PrintFailed
from kiosk_client.printing.ticket import document
from kiosk_client.printing.virtual import VirtualPrinter
from tests.kiosk_client.printing.conftest import Opened
from tests.kiosk_client.printing.paper import QUICK, a_paper_ticket, pictures, pieces, read_codes, words

STOPS = [Fault.PAPER_OUT, Fault.COVER, Fault.FAILED]
RASTER_STRIDE = 1999
"""Bytes between two deaths of the printer; a picture has some 80,000."""
AGAIN_STRIDE = 13
"""After each of so many deaths it is tried again."""


async def test_a_ticket_comes_out_and_is_answered_for(networked: Printer, device: VirtualPrinter) -> None:
    ticket = a_paper_ticket()
    assert await networked.status() is None
    assert await networked.print(ticket) == Printed(confirmed=True)
    (piece,) = device.tickets
    assert read_codes(piece) == [ticket.url]
    assert pictures(device.folder) == ["ticket-0001.png"]
    assert (device.folder / "ticket-0001.png").read_bytes() == device.latest


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("paper", Paper)
async def test_a_printer_of_this_process_is_spoken_to_in_the_same_bytes(
    opened: Opened, paper: Paper, mode: Mode
) -> None:
    printer = opened(paper, mode)
    assert printer.picture() is None
    assert (await printer.print(a_paper_ticket())).confirmed
    assert printer.is_virtual
    assert printer.virtual
    assert printer.picture() == printer.virtual.latest
    assert read_codes(printer.virtual.tickets[0]) == [a_paper_ticket().url]


async def test_prints_asked_at_once_come_out_one_after_another(networked: Printer, device: VirtualPrinter) -> None:
    labels = [f"A{number:03}" for number in range(5)]
    await asyncio.gather(*(networked.print(a_paper_ticket(label=label)) for label in labels), networked.status())
    assert [label for piece in device.tickets for label in labels if label in words(piece)] == labels


@pytest.mark.parametrize("fault", STOPS)
async def test_a_fault_before_leaves_nothing_on_paper(networked: Printer, device: VirtualPrinter, fault: Fault) -> None:
    device.play(fault)
    assert await networked.status() is fault
    with pytest.raises(PrintFailed) as failed:
        await networked.print(a_paper_ticket())
    assert (failed.value.fault, failed.value.bytes_sent) == (fault, 0)
    device.play("")
    assert await networked.status() is None
    assert device.cuts == 0
    assert (await networked.print(a_paper_ticket())).confirmed
    assert (len(device.tickets), len(device.scraps)) == (1, 0)


@pytest.mark.parametrize("fault", STOPS)
async def test_a_fault_amid_a_ticket_is_told_and_the_rest_never_comes(
    networked: Printer, device: VirtualPrinter, fault: Fault
) -> None:
    device.play(f"{fault} 700")
    with pytest.raises(PrintFailed) as failed:
        await networked.print(a_paper_ticket())
    assert failed.value.fault is fault
    assert failed.value.bytes_sent > 0
    device.play("")
    assert await networked.status() is None
    assert device.cuts == 0
    await networked.print(a_paper_ticket(is_copy=True))
    assert (len(device.tickets), len(device.scraps)) == (1, 1)
    assert "COPY" in words(device.tickets[0])
    assert "VOID" in words(device.scraps[0])


async def test_a_printer_that_never_gets_done_has_failed_though_it_says_that_all_is_well(
    networked: Printer, device: VirtualPrinter
) -> None:
    device.play("stuck")
    assert await networked.status() is None
    with pytest.raises(PrintFailed) as failed:
        await networked.print(a_paper_ticket())
    assert failed.value.fault is Fault.FAILED
    assert device.tickets == []


async def test_near_end_prints_and_says_so(networked: Printer, device: VirtualPrinter) -> None:
    device.play(Fault.NEAR_END)
    assert await networked.status() is Fault.NEAR_END
    assert await networked.print(a_paper_ticket()) == Printed(confirmed=True, fault=Fault.NEAR_END)


async def test_a_printer_that_says_nothing_is_off_line(networked: Printer, device: VirtualPrinter) -> None:
    device.play("offline")
    assert await networked.status() is Fault.OFFLINE
    with pytest.raises(PrintFailed) as failed:
        await networked.print(a_paper_ticket())
    assert (failed.value.fault, failed.value.bytes_sent) == (Fault.OFFLINE, 0)
    device.play("offline 600")
    with pytest.raises(PrintFailed) as failed:
        await networked.print(a_paper_ticket())
    assert failed.value.fault is Fault.OFFLINE
    assert failed.value.bytes_sent > 0
    assert device.tickets == []


async def test_a_printer_that_is_not_there_is_off_line(tmp_path: Path) -> None:
    for address in ("tcp://127.0.0.1:1", f"file:{tmp_path / 'lp0'}"):
        printer = Printer.open(address, times=QUICK)
        assert await printer.status() is Fault.OFFLINE
        with pytest.raises(PrintFailed) as failed:
            await printer.print(a_paper_ticket())
        assert (failed.value.fault, failed.value.bytes_sent) == (Fault.OFFLINE, 0)


async def test_a_slow_printer_prints(networked: Printer, device: VirtualPrinter) -> None:
    device.play("slow")
    assert (await networked.print(a_paper_ticket())).confirmed
    assert len(device.tickets) == 1


async def test_bytes_that_it_does_not_know_are_an_error_that_stays(networked: Printer, device: VirtualPrinter) -> None:
    device.begin()
    device.receive(b"\x1b@\x07")
    assert len(device.errors) == 1
    assert "07" in (device.folder / "errors.txt").read_text(encoding="utf-8")
    assert await networked.status() is Fault.FAILED
    device.errors.clear()


async def test_the_printer_dies_after_every_byte_of_a_ticket(tmp_path: Path) -> None:
    # Dead after the cut it cannot answer for what is on paper: what is not known is told as failed.
    assert await _dies(tmp_path, Mode.TEXT, 1) == {("failed", 0), ("failed", 1), ("printed", 1)}


async def test_the_printer_dies_anywhere_in_a_picture(tmp_path: Path) -> None:
    assert ("failed", 0) in await _dies(tmp_path, Mode.RASTER, RASTER_STRIDE)


async def _dies(folder: Path, mode: Mode, stride: int) -> set[tuple[str, int]]:
    """Never two whole tickets for one print, success only with one, and then another one prints as if nothing was.

    Gives what happened: what the printer's user was told, and how many tickets came out.
    """
    ticket = a_paper_ticket(url="https://q.example/t/1")
    outcomes: list[tuple[str, int]] = []
    while not outcomes or outcomes[-1][0] != "printed":
        printer = Printer.open(f"virtual:{folder}", Paper.MM58, mode, times=QUICK)
        device = printer.virtual
        assert device is not None
        device.play(f"power {1 + len(outcomes) * stride}")
        try:
            assert (await printer.print(ticket)).confirmed
            outcomes.append(("printed", len(device.tickets)))
        except PrintFailed as failed:
            assert failed.fault is Fault.OFFLINE
            assert failed.bytes_sent > 0 or not device.has_paper_out
            outcomes.append(("failed", len(device.tickets)))
        if len(outcomes) % AGAIN_STRIDE == 0:
            device.play("")
            device.tickets.clear()
            assert (await printer.print(ticket)).confirmed
            assert [read_codes(piece) for piece in device.tickets] == [[ticket.url]]
        assert device.errors == []
    assert outcomes[-1] == ("printed", 1)
    assert outcomes == sorted(outcomes)
    return set(outcomes)


async def test_a_kiosk_that_dies_amid_a_picture_leaves_a_printer_that_the_next_one_can_use(
    device: VirtualPrinter, address: str
) -> None:
    ticket = a_paper_ticket()
    job = escpos.raster_job(raster.drawn(document(ticket), Paper.MM80, fonts.find()))
    device.begin()
    device.receive(job[: len(job) // 2])
    assert device.has_paper_out
    printer = Printer.open(address, mode=Mode.RASTER, times=QUICK)
    assert (await printer.print(ticket)).confirmed
    assert device.tickets == []  # it hangs together with what the dead one left, and so counts as no whole ticket
    assert (await printer.print(ticket)).confirmed
    assert [read_codes(piece) for piece in device.tickets] == [[ticket.url]]


async def test_a_print_that_is_given_up_is_cut_off_before_the_next(device: VirtualPrinter, address: str) -> None:
    printer = Printer.open(address, times=QUICK)
    device.play("offline 300")
    printing = asyncio.ensure_future(printer.print(a_paper_ticket()))
    while not device.has_paper_out:  # noqa: ASYNC110  # it works in a thread
        await asyncio.sleep(0.01)
    printing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await printing
    device.play("")
    assert (await printer.print(a_paper_ticket())).confirmed
    assert len(device.tickets) == 1


async def test_a_device_file_is_asked_and_answers(device: VirtualPrinter) -> None:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    device.begin()
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: os.write(ours, device.receive(os.read(ours, 4096)) or b""))
    try:
        printer = Printer.open(f"file:{os.ttyname(theirs)}", times=QUICK)
        assert await printer.status() is None
        assert await printer.print(a_paper_ticket()) == Printed(confirmed=True)
        assert len(device.tickets) == 1
        device.play("paper_out")
        assert await printer.status() is Fault.PAPER_OUT
        device.play("offline")
        assert await printer.status() is Fault.OFFLINE
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)


async def test_a_file_that_cannot_answer_is_printed_to_unconfirmed(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    os.mkfifo(path)
    printer = Printer.open(f"file:{path}", times=QUICK)
    assert await printer.status() is Fault.OFFLINE  # nobody has it open
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert await printer.status() is None
        assert await printer.print(a_paper_ticket()) == Printed(confirmed=False)
        (piece,) = pieces(os.read(end, 65536))
        assert read_codes(piece) == [a_paper_ticket().url]
    finally:
        os.close(end)


async def test_a_device_that_takes_nothing_more_fails_in_time(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(PrintFailed) as failed:
            await Printer.open(f"file:{path}", mode=Mode.RASTER, times=QUICK).print(a_paper_ticket())
        assert failed.value.fault is Fault.OFFLINE
        assert 0 < failed.value.bytes_sent < 80_000
    finally:
        os.close(end)


async def test_the_virtual_printer_runs_by_itself_and_takes_faults_from_its_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kiosk_client.printing.virtual", "--port", "0", "--folder", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        assert process.stdout is not None
        address = (await asyncio.to_thread(process.stdout.readline)).split()[0]
        printer = Printer.open(address, times=QUICK)
        assert (await printer.print(a_paper_ticket())).confirmed
        assert pictures(tmp_path) == ["ticket-0001.png"]
        (tmp_path / "fault").write_text("paper_out\n", encoding="utf-8")
        assert await printer.status() is Fault.PAPER_OUT
        (tmp_path / "fault").unlink()
        assert await printer.status() is None
    finally:
        process.terminate()
        process.wait()
        process.stdout.close() if process.stdout else None


async def test_pictures_are_numbered_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        await Printer.open(f"virtual:{tmp_path}", times=QUICK).print(a_paper_ticket())
    assert pictures(tmp_path) == ["ticket-0001.png", "ticket-0002.png"]


@pytest.mark.parametrize(
    "address",
    ["", "lp0", "tcp://", "tcp:printer", "tcp://h:99999", "tcp://u@h:1", "tcp://h/x", "file:", "virtual:", "usb:1"],
)
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(AddressWrong):
        Printer.open(address)


def test_a_port_may_be_left_out() -> None:
    assert Printer.open("tcp://printer.example")._reach._port == 9100


def test_without_a_font_the_packages_to_install_are_named(tmp_path: Path) -> None:
    with pytest.raises(fonts.FontMissing, match="fonts-noto-cjk"):
        fonts.find(places=(str(tmp_path),))
    with pytest.raises(fonts.FontMissing, match=r"nowhere\.ttf"):
        Printer.open("tcp://printer.example", mode=Mode.RASTER, font=tmp_path / "nowhere.ttf")
    Printer.open("tcp://printer.example", font=tmp_path / "nowhere.ttf")  # the printer's own characters need none
