"""What the journal keeps, as plain values: the rules stand in `hall`, the form of the events in the codec."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class DayId:
    """One business day at one branch: the unit that has an order."""

    branch_id: str
    business_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The durable result of one accepted command.

    `seq` counts from 1 without a gap within its day. `key` names the command for retries, within branch and actor;
    None = can not be retried. `fingerprint` is of the request under that key. `at` is aware, in UTC, and never falls
    within a day. `events` is JSON that the journal does not look into; `answer` is what a retry gets.
    """

    branch_id: str
    business_on: date
    seq: int
    key: str | None
    fingerprint: bytes | None
    at: datetime
    actor: str
    kind: str
    events: bytes
    answer: bytes | None

    @property
    def day(self) -> DayId:
        return DayId(branch_id=self.branch_id, business_on=self.business_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a day after its entry `seq`, which has the time `at`: a cache, whose loss changes nothing.

    `rules` tell who can read `state`; the journal looks into neither.
    """

    branch_id: str
    business_on: date
    seq: int
    at: datetime
    rules: bytes
    state: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """An entry to write, and when its day wants to be woken next.

    `due_at` None = never again; looked at only where `due_changed`.
    """

    entry: Entry
    due_at: datetime | None
    due_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The entry is durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeqTaken:
    """Another writer has that seq: load what it wrote and decide again. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsed:
    """Branch, actor and key have their entry already: this one. Nothing was written."""

    entry: Entry


Outcome = Appended | SeqTaken | KeyUsed
