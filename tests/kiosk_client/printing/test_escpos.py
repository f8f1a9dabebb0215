"""The bytes: read back by the strict decoder, and never more than they should be."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_client.printing import escpos, fonts, raster
from kiosk_client.printing.decoder import CommandUnknown
from kiosk_client.printing.escpos import BAND_ROWS, Bitmap, Fault, Mode, Paper
from kiosk_client.printing.ticket import PaperTicket, document, void_document
from tests.kiosk_client.printing.paper import a_paper_ticket, pieces, read_codes, words

REAL_TIME = re.compile(rb"\x10[\x04\x05\x14]")


def job(ticket: PaperTicket, paper: Paper = Paper.MM80, mode: Mode = Mode.TEXT) -> bytes:
    if mode is Mode.RASTER:
        return escpos.raster_job(raster.drawn(document(ticket), paper, fonts.find()))
    return escpos.text_job(document(ticket), paper, mode)


@pytest.mark.parametrize(
    ("paper", "mode", "language", "is_copy"), list(product(Paper, Mode, ("zh-CN", "en"), (False, True)))
)
def test_a_phone_reads_the_code_from_what_comes_out(paper: Paper, mode: Mode, language: str, is_copy: bool) -> None:
    ticket = a_paper_ticket(language=language, is_copy=is_copy)
    (piece,) = pieces(job(ticket, paper, mode), paper=paper)
    assert piece.is_whole
    assert piece.picture.width == paper.dots
    assert read_codes(piece) == [ticket.url]
    assert piece.qr == ((ticket.url,) if mode is Mode.TEXT else ())
    if mode is not Mode.RASTER:
        assert words(piece).count("A012") == 1
        assert ("COPY" in words(piece)) is is_copy


@pytest.mark.parametrize(
    ("label", "paper", "scale"),
    [("A012", Paper.MM80, 8), ("A012", Paper.MM58, 7), ("AB1012", Paper.MM80, 7), ("A" * 12, Paper.MM58, 2)],
)
def test_the_label_is_as_large_as_the_paper_allows(label: str, paper: Paper, scale: int) -> None:
    (piece,) = pieces(job(a_paper_ticket(label=label), paper), paper=paper)
    (run,) = [run for run in piece.runs if run.text == label]
    assert (run.wide, run.high) == (scale, scale)


@pytest.mark.parametrize("paper", Paper)
def test_the_drawn_label_fills_the_paper_sensibly(paper: Paper) -> None:
    for label in ("A1", "A012", "AB10012"):
        with_it = raster.drawn(document(a_paper_ticket(label=label)), paper, fonts.find())
        assert with_it.row_bytes * 8 == paper.dots
        rows = [with_it.rows[n : n + with_it.row_bytes] for n in range(0, len(with_it.rows), with_it.row_bytes)]
        # Bold strokes of a label are the only ink in its rows: look at the widest run of inked rows above the code.
        spans = [_span(row) for row in rows[: len(rows) // 3] if any(row) and _span(row) < paper.dots]
        assert paper.dots * 0.25 <= max(spans) <= paper.dots


def _span(row: bytes) -> int:
    bits = "".join(f"{byte:08b}" for byte in row)
    return bits.rindex("1") - bits.index("1") + 1 if "1" in bits else 0


@pytest.mark.parametrize(("paper", "mode"), list(product(Paper, Mode)))
def test_the_longest_ticket_fits_on_the_paper(paper: Paper, mode: Mode) -> None:
    name = {"zh-CN": "很长的业务名称，" * 12, "en": "Averyverylongwordthatneverends" * 5}
    ticket = a_paper_ticket(
        label="AB123456789C",
        services=(name,) * 12,
        branch=name,
        zone=name,
        windows=tuple(range(1, 100, 2)),
        url="https://queue.example.com/t/" + "x" * 272,
        visitor_class="vip",
        to_confirm=True,
        is_copy=True,
    )
    (piece,) = pieces(job(ticket, paper, mode), paper=paper)
    assert read_codes(piece) == [ticket.url]


@pytest.mark.parametrize("mode", [Mode.TEXT, Mode.MIXED])
@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_no_text_of_a_catalogue_becomes_a_command(mode: Mode, text: str) -> None:
    name = {"zh-CN": text, "en": text}
    ticket = a_paper_ticket(services=(name,), branch=name, zone=name, url="https://q.example/t/1")
    (piece,) = pieces(job(ticket, Paper.MM80, mode))
    assert words(piece).count("A012") >= 1


def test_commands_in_names_are_printed_as_what_is_left_of_them() -> None:
    evil = "\x1b@\x1dV\x42\x00\x10\x04\x01\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08柜台\x1b\x1c."
    plain, ticket = (a_paper_ticket(branch={"zh-CN": name}) for name in ("@VB柜台.", evil))
    for mode in Mode:
        assert REAL_TIME.search(job(ticket, mode=mode)) is None
        assert pieces(job(ticket, mode=mode))[0].picture.tobytes() == pieces(job(plain, mode=mode))[0].picture.tobytes()


def test_no_picture_holds_a_real_time_command() -> None:
    for command in (b"\x10\x04\x01", b"\x10\x05\x02", b"\x10\x14\x08", b"\x10\x10\x04\x04"):
        rows = (bytes(70) + command + bytes(71)) * BAND_ROWS * 2
        bitmap = Bitmap(72, rows[: 72 * BAND_ROWS * 2])
        assert REAL_TIME.search(bitmap.rows)
        assert REAL_TIME.search(escpos.raster_job(bitmap)) is None


def test_a_picture_comes_in_bands_and_whole() -> None:
    bitmap = Bitmap(72, b"\xff" * 72 * (BAND_ROWS * 12 + 5))
    sent = escpos.raster_job(bitmap)
    assert sent.count(escpos.RASTER) == 13
    (piece,) = pieces(sent)
    assert piece.picture.histogram()[0] == 576 * bitmap.height


@pytest.mark.parametrize("mode", Mode)
def test_a_job_frees_a_printer_that_waits_for_the_rest_of_another(mode: Mode) -> None:
    ticket = a_paper_ticket()
    whole = job(ticket, mode=mode)
    before = whole.lstrip(b"\x00")
    for at in range(1, len(before) - 1, 1 + len(before) // 23):
        *_, last = pieces(before[:at], whole)
        assert read_codes(last)[-1:] == [ticket.url]


def test_what_is_put_under_a_broken_ticket_says_so() -> None:
    (piece,) = pieces(escpos.text_job(void_document(), Paper.MM58, Mode.TEXT), paper=Paper.MM58)
    assert not piece.is_whole
    assert "VOID" in words(piece)


@pytest.mark.parametrize(
    "nonsense",
    [b"\x07", b"\x1bZ", b"\x1dz\x00", b"\x1b!\x01", b"\x1da\xff", b"\x1c.", b"\xc4\xe3", b"\x1dV\x00", b"\x7f"],
)
def test_the_decoder_knows_no_more_than_it_should(nonsense: bytes) -> None:
    with pytest.raises(CommandUnknown):
        pieces(escpos.INITIALISE + nonsense + escpos.FEED_AND_CUT + b"\x00")


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ((0x12, 0x12, 0x12), None),
        ((0x16, 0x12, 0x12), None),
        ((0x12, 0x12, 0x1E), Fault.NEAR_END),
        ((0x1A, 0x32, 0x7E), Fault.PAPER_OUT),
        ((0x1A, 0x12, 0x72), Fault.PAPER_OUT),
        ((0x1A, 0x16, 0x72), Fault.COVER),
        ((0x1A, 0x52, 0x12), Fault.FAILED),
        ((0x1A, 0x12, 0x12), Fault.OFFLINE),
        ((0x1A, 0x1A, 0x12), Fault.OFFLINE),
    ],
)
def test_status_bits_say_what_is_wrong(answers: tuple[int, int, int], fault: Fault | None) -> None:
    assert all(map(escpos.is_real_time_answer, answers))
    assert escpos.fault(*answers) is fault


def test_answers_in_turn_and_at_once_are_told_apart() -> None:
    assert all(
        escpos.is_done_answer(byte) and not escpos.is_real_time_answer(byte) for byte in (0x00, 0x03, 0x0C, 0x6F)
    )
    assert not any(escpos.is_done_answer(byte) for byte in (0x12, 0x1A, 0x7E, 0x11, 0x13))


def test_a_copy_differs_by_its_mark_alone() -> None:
    ticket = a_paper_ticket()
    (first,), (copy,) = pieces(job(ticket)), pieces(job(replace(ticket, is_copy=True)))
    assert [run.text for run in copy.runs if run not in first.runs] == ["副本  COPY"]
