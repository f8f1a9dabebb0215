"""Entries for tests."""

from datetime import UTC, date, datetime, timedelta

from queue_service.journal.entries import Append, DayId, Entry

MONDAY = date(2026, 3, 2)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_day(branch_id: str = "zhongshan", business_on: date = MONDAY) -> DayId:
    return DayId(branch_id=branch_id, business_on=business_on)


def an_entry(
    seq: int,
    day: DayId | None = None,
    *,
    key: str | None = None,
    actor: str = "kiosk-1",
    at: datetime = NINE,
    events: bytes = b'[{"type": "ticket.issued"}]',
) -> Entry:
    day = day or a_day()
    return Entry(
        branch_id=day.branch_id,
        business_on=day.business_on,
        seq=seq,
        key=key,
        fingerprint=None if key is None else bytes(16),
        at=at + timedelta(microseconds=seq),
        actor=actor,
        kind="issue",
        events=events,
        answer=b'{"label": "A001"}',
    )


def an_append(entry: Entry, due_at: datetime | None = None, *, due_changed: bool = False) -> Append:
    return Append(entry=entry, due_at=due_at, due_changed=due_changed)
