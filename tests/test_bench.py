"""The bench runs, part by part, and says what it promises; how fast it is, no test asks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import PARTS
from tests.bench.rows import Bound, Figure

PART_S_MAX = 300


@pytest.mark.parametrize("part", PARTS)
def test_a_part_measures_every_figure_that_it_tells(part: str, tmp_path: Path) -> None:
    told = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", part, "--quick", "--repeats", "1", "--output", str(told)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PART_S_MAX, check=False)
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(told.read_text(encoding="utf-8"))["rows"]
    figures = [figure for row in rows for figure in row["figures"]]
    assert figures
    assert all(len(figure["values"]) == 1 for figure in figures)
    assert any(figure["limit"] is not None for figure in figures), "a part holds the house to a promise"


def test_a_figure_keeps_its_promise_by_its_median() -> None:
    slow = Figure(name="ratio", unit="×", values=(0.5, 0.7, 0.9), bound=Bound.AT_LEAST, limit=0.6)
    assert slow.is_kept is True
    late = Figure(name="p99", unit="ms", values=(10, 26, 30), bound=Bound.AT_MOST, limit=25)
    assert late.is_kept is False
    assert Figure(name="rate", unit="/s", values=(1,)).is_kept is None
