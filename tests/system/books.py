"""What the journal of a core that has stopped says, checked by every invariant."""

from collections.abc import Mapping

from queue_service.hall.day import Day
from queue_service.hall.evolve import replay
from queue_service.hall.invariants import Checker, violations
from queue_service.journal import codec, open_journal
from queue_service.journal.entries import DayId, Entry
from queue_service.settings import Settings


async def books(settings: Settings, branch_id: str) -> tuple[list[Entry], Day]:
    """The entries of a branch's only day and the day that they make."""
    journal = await open_journal(settings)
    try:
        (business_on,) = await journal.days(branch_id)
        entries = await journal.load(DayId(branch_id=branch_id, business_on=business_on))
    finally:
        await journal.close()
    checker = Checker()
    told = [(entry.seq, entry.at, codec.decode(entry.events)) for entry in entries]
    for seq, at, events in told:
        checker.entry(seq, at, events)
    assert checker.found == []
    day = replay(told)
    assert list(violations(day)) == []
    assert_numbers_are_dense(day)
    return entries, day


def by_key(entries: list[Entry]) -> Mapping[str, Entry]:
    """The entries that somebody can retry."""
    found = {entry.key: entry for entry in entries if entry.key is not None}
    assert len(found) == sum(entry.key is not None for entry in entries), "equal keys, one effect"
    return found


def assert_numbers_are_dense(day: Day) -> None:
    """No label twice, no number left out."""
    labels = [ticket.label for ticket in day.tickets()]
    assert len(set(labels)) == len(labels)
    for prefix, last in day.numbers.items():
        numbers = [int(label[len(prefix) :]) for label in labels if label.rstrip("0123456789") == prefix]
        assert sorted(numbers) == list(range(1, last + 1))
