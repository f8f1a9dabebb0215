"""What any release has written, this one reads as it was meant."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from queue_service.hall.events import Event
from queue_service.hall.evolve import Entry, replay
from queue_service.hall.invariants import Checker, violations
from queue_service.journal import codec
from tests.journal.recorded import GOLDEN, record, state

RELEASES = sorted(GOLDEN.glob("*.jsonl"))


class Line(msgspec.Struct):
    """An entry as it was recorded."""

    seq: int
    at: datetime
    actor: str
    kind: str
    events: msgspec.Raw


def entries_of(path: Path) -> list[Entry]:
    lines = msgspec.json.Decoder(Line).decode_lines(path.read_bytes())
    return [(line.seq, line.at, codec.decode(bytes(line.events))) for line in lines]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_a_recorded_day_replays_as_it_was(path: Path) -> None:
    entries = entries_of(path)
    states = json.loads(path.with_suffix(".days.json").read_text(encoding="utf-8"))
    assert states
    for seq, expected in states.items():
        day = replay(entries[: int(seq)])
        assert_holds(expected, state(day))
        assert list(violations(day)) == []


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_a_recorded_day_keeps_every_invariant(path: Path) -> None:
    checker = Checker()
    for entry in entries_of(path):
        checker.entry(*entry)
    assert checker.found == []


def test_the_newest_recording_holds_every_kind_of_event() -> None:
    kinds = {event.kind for _, _, events in entries_of(RELEASES[-1]) for event in events}
    assert kinds == {event.kind for event in get_args(Event)}


async def test_a_day_recorded_now_replays_as_it_ran(tmp_path: Path) -> None:
    entries, days = await record(tmp_path)
    told = [(entry.seq, entry.at, codec.decode(entry.events)) for entry in entries]
    assert {event.kind for _, _, events in told for event in events} == {event.kind for event in get_args(Event)}
    for seq, day in days.items():
        assert replay(told[:seq]) == day


def assert_holds(expected: Any, found: Any) -> None:
    """Everything that was recorded is so; more may be known by now."""
    if isinstance(expected, dict):
        assert expected.keys() <= found.keys()
        for name, value in expected.items():
            assert_holds(value, found[name])
    else:
        assert found == expected
