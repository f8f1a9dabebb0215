"""`queue-kiosk` as whoever installs it meets it; what it shares with the display stands in `tests/wire`."""

from pathlib import Path

import pytest

from queue_service.wire.locales import text
from tests.edge import ended

TOKEN = "t" * 43


@pytest.mark.parametrize(
    ("name", "value", "bound"),
    [("STALE_S", "12", "at most 9"), ("PAPER", "A4", "80, 58"), ("BODY_BYTES_MAX", "many", "a whole number")],
)
def test_a_wrong_setting_is_told_with_what_it_should_be(name: str, value: str, bound: str, tmp_path: Path) -> None:
    (line,) = ended("kiosk_client", tmp_path, TOKEN=TOKEN, **{name: value})
    assert line.startswith(f"KIOSK_{name}: ")
    assert bound in line


def test_a_misspelt_setting_is_told_with_what_may_be_meant(tmp_path: Path) -> None:
    warning, wrong = ended("kiosk_client", tmp_path, TOKEN=TOKEN, PAPPER="58", STALE_S="12")
    assert warning == "Warning: there is no setting KIOSK_PAPPER; it is ignored. Did you mean KIOSK_PAPER?"
    assert wrong.startswith("KIOSK_STALE_S: ")


@pytest.mark.parametrize("address", ["lpt1", "tcp://", "tcp://printer:0x1", "usb:1"])
def test_what_is_no_address_of_a_printer_is_told(address: str, tmp_path: Path) -> None:
    told = ended("kiosk_client", tmp_path, TOKEN=TOKEN, PRINTER=address)
    assert told == [text("en", "kiosk.printer_wrong", name="KIOSK_PRINTER")]


def test_a_font_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = ended("kiosk_client", tmp_path, TOKEN=TOKEN, FONT="nowhere.ttf", PRINT_MODE="raster")
    assert told == [text("en", "kiosk.font_unusable", name="KIOSK_FONT")]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (line,) = ended("kiosk_client", tmp_path / "file" / "kiosk", TOKEN=TOKEN)
    assert str(tmp_path / "file") in line
