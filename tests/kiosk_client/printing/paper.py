"""Tickets to print and ways to look at what came out."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import zxingcpp

from kiosk_client.printing.decoder import Decoder, Piece
from kiosk_client.printing.escpos import Paper
from kiosk_client.printing.fonts import find
from kiosk_client.printing.links import LinkTimes
from kiosk_client.printing.printer import PrinterTimes
from kiosk_client.printing.ticket import PaperTicket

QUICK = PrinterTimes(
    link=LinkTimes(open_s_max=2, write_s_max=2, close_s_max=1), answer_s_max=0.3, done_s_max=3, look_s=0.05
)
TOKEN = "Ahc2VjcmV0IGlzIG5vdCBoZXJl.dGhpcyBpcyBubyB0b2tlbiBidXQgYXMgbG9uZw"

_TICKET = PaperTicket(
    label="A012",
    services=({"zh-CN": "个人现金 · 缴费", "en": "Cash & bills"},),
    ahead=6,
    wait_low_s=590,
    wait_high_s=900,
    windows=(1, 2, 3, 5),
    zone={"zh-CN": "A 区", "en": "Zone A"},
    branch={"zh-CN": "某某银行 中山路支行", "en": "Sample Bank, Zhongshan Road"},
    issued_at=datetime(2026, 11, 22, 10, 42, tzinfo=timezone(timedelta(hours=8))),
    url=f"https://queue.example.com/t/{TOKEN}",
    missed_rule="after",
    missed_after=3,
    language="zh-CN",
)


def a_paper_ticket(**facts: Any) -> PaperTicket:
    return replace(_TICKET, **facts)


def read_codes(piece: Piece) -> list[str]:
    """What a phone reads from the paper."""
    return [code.text for code in zxingcpp.read_barcodes(piece.picture)]


def words(piece: Piece) -> str:
    """What the printer set itself, line by line."""
    return "\n".join(run.text for run in piece.runs)


def pieces(*jobs: bytes, paper: Paper = Paper.MM80) -> list[Piece]:
    """What a printer makes of jobs, each in a conversation of its own."""
    cut: list[Piece] = []
    decoder = Decoder(paper, find(), on_cut=cut.append, on_question=lambda: None)
    for job in jobs:
        decoder.begin()
        decoder.feed(job)
    assert not decoder.is_amid_command
    assert not decoder.has_paper_out
    return cut


def pictures(folder: Path, kind: str = "ticket") -> list[str]:
    return sorted(path.name for path in folder.glob(f"{kind}-*.png"))
