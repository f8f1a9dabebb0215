"""The bench runs, part by part, and says what it promises; how fast it is, no test asks."""

import json
import subprocess
import sys
import time
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from tests.bench.__main__ import PARTS
from tests.bench.followers import following
from tests.bench.rows import Bound, Figure, Row
from tests.bench.serving import assert_followed, core, data_dir, stage

PART_S_MAX = 300
TRIED = ("http", "decisions", "days")
"""Run here with small loads; the others begin browsers and databases, and take longer than that would prove."""
PINGED_S = 4.0
"""Longer than a core that pings after half a second, and looks once a second, leaves a silent socket open."""


def test_every_part_can_be_asked() -> None:
    assert set(TRIED) < set(PARTS)
    for part in PARTS:
        assert list(signature(import_module(f"tests.bench.{part}").measure).parameters) == ["repeats", "is_quick"], part


@pytest.mark.parametrize("part", TRIED)
def test_a_part_measures_every_figure_that_it_tells(part: str, tmp_path: Path) -> None:
    told = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", part, "--quick", "--repeats", "1", "--output", str(told)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PART_S_MAX, check=False)
    assert ended.returncode == 0, ended.stderr
    rows = json.loads(told.read_text(encoding="utf-8"))["rows"]
    figures = [figure for row in rows for figure in row["figures"]]
    assert figures
    assert all(figure["values"] for figure in figures)
    assert any(figure["limit"] is not None for figure in figures), "a part holds the house to a promise"


def test_a_follower_that_is_pinged_stays(tmp_path: Path) -> None:
    settings = data_dir(str(tmp_path))
    (hall,) = stage(settings)
    with core(settings, socket_ping_s=0.5, socket_pong_s=0.5) as served, following(served.port, [hall.board]):
        time.sleep(PINGED_S)
        assert_followed(served.port, 1)


def test_figures_that_promise_nothing_are_folded_by_unit() -> None:
    rates = tuple(Figure(name=name, unit="/s", values=(1, 2, 3)) for name in ("one", "two"))
    late = Figure(name="p99", unit="ms", values=(1234,), bound=Bound.AT_MOST, limit=25)
    lines = list(Row(name="row", setup="", figures=(*rates, late)).lines())
    assert [line.measured for line in lines] == ["one 2 /s (1 – 3); two 2 /s (1 – 3)", "p99 1234 ms"]
    assert [(line.promised, line.is_kept) for line in lines] == [("", None), ("≤ 25 ms", False)]


def test_a_figure_keeps_its_promise_by_its_median() -> None:
    slow = Figure(name="ratio", unit="×", values=(0.5, 0.7, 0.9), bound=Bound.AT_LEAST, limit=0.6)
    assert slow.is_kept is True
    late = Figure(name="p99", unit="ms", values=(10, 26, 30), bound=Bound.AT_MOST, limit=25)
    assert late.is_kept is False
    assert Figure(name="rate", unit="/s", values=(1,)).is_kept is None
