"""`queue-display` as whoever installs it meets it; what it shares with the kiosk stands in `tests/wire`."""

from pathlib import Path

import pytest

from tests.edge import ended


@pytest.mark.parametrize(
    ("name", "value", "bound"),
    [("SHOWN_S_MIN", "9", "10"), ("NOTICE_S", "soon", "120"), ("VOLUME", "1.5", "at most 1")],
)
def test_a_wrong_setting_is_told_with_what_it_should_be(name: str, value: str, bound: str, tmp_path: Path) -> None:
    (line,) = ended("display_client", tmp_path, TOKEN="t" * 43, **{name: value})
    assert line.startswith(f"DISPLAY_{name}: ")
    assert bound in line
