"""A day's state comes back as it was, and what is no such state is passed by."""

from dataclasses import replace

import pytest

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


@pytest.mark.parametrize(
    "changes", [{"rules": b"of another release"}, {"state": b"cut"}], ids=lambda changes: [*changes]
)
def test_what_cannot_be_read_is_none(changes: dict[str, bytes]) -> None:
    assert snapshots.decode(replace(snapshots.take(replay(ENTRIES)), **changes)) is None
