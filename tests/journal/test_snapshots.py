"""A day's state comes back as it was, and what is no such state is passed by."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import queue_service
from queue_service.hall.evolve import replay
from queue_service.journal import snapshots
from tests.journal.test_golden import RELEASES, entries_of

ENTRIES = entries_of(RELEASES[-1])


def test_a_replay_from_any_snapshot_equals_one_from_the_start() -> None:
    whole = replay(ENTRIES)
    for seq in range(1, len(ENTRIES)):
        day = replay(ENTRIES[:seq])
        kept = snapshots.decode(snapshots.take(day))
        assert kept == day
        assert replay(ENTRIES[seq:], kept) == whole


@pytest.mark.parametrize("part", ["hall/routing.py", "hall/decide/serving.py", "journal/codec.py"])
def test_other_code_that_makes_a_day_of_its_entries_is_other_rules(part: str, tmp_path: Path) -> None:
    package = tmp_path / "queue_service"
    shutil.copytree(Path(queue_service.__file__).parent, package, ignore=shutil.ignore_patterns("web", "locales"))
    assert snapshots.digest(package) == snapshots.RULES
    with (package / part).open("a", encoding="utf-8") as source:
        source.write("\n# upcast otherwise\n")
    assert snapshots.digest(package) != snapshots.RULES


@pytest.mark.parametrize(
    "changes", [{"rules": b"of another release"}, {"state": b"cut"}], ids=lambda changes: [*changes]
)
def test_what_cannot_be_read_is_none(changes: dict[str, bytes]) -> None:
    assert snapshots.decode(replace(snapshots.take(replay(ENTRIES)), **changes)) is None
