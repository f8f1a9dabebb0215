"""Logs of real days: one row per visitor, read strictly, with their oddities counted.

The first line names the columns: service, priority, arrival, start, end, outcome, server, queued (see `COLUMNS`).
A line that cannot be read stops the reading; what is merely odd is kept, and counted by `oddities`.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

COLUMNS = ("service", "priority", "arrival", "start", "end", "outcome", "server", "queued")

LOG_BYTES_MAX = 256 * 1024 * 1024
LINE_BYTES_MAX = 4096
NAME_CHARS_MAX = 40
VISIT_MAX = timedelta(hours=24)
"""Longest time from arrival to end, and of one service."""
DAY_START = time(4)
"""Local time at which a day of the log starts: who comes before it belongs to the day before."""


class Fault(StrEnum):
    """Why a line cannot be read (`log.fault.<value>`)."""

    TOO_LARGE = "too_large"
    LINE_TOO_LONG = "line_too_long"
    NOT_TEXT = "not_text"
    NOT_CSV = "not_csv"
    COLUMN_MISSING = "column_missing"
    COLUMN_REPEATED = "column_repeated"
    FIELD_COUNT = "field_count"
    BAD_NAME = "bad_name"
    BAD_PRIORITY = "bad_priority"
    BAD_TIME = "bad_time"
    BAD_OUTCOME = "bad_outcome"
    BAD_QUEUED = "bad_queued"
    NO_SERVER = "no_server"
    NEGATIVE_INTERVAL = "negative_interval"
    TOO_LONG = "too_long"


class Oddity(StrEnum):
    """What is strange in a row that can be read all the same (`log.oddity.<value>`)."""

    OVERLAPPING_SERVICES = "overlapping_services"
    """A service begins before an earlier one of the same server has ended."""
    ZERO_LENGTH_SERVICE = "zero_length_service"
    PAST_MIDNIGHT = "past_midnight"
    PRIORITY_UNKNOWN = "priority_unknown"
    STARTED_BEFORE_ARRIVAL = "started_before_arrival"
    LEFT_OVER_TIME = "left_over_time"
    """The start and end of one who left differ; the end counts."""
    LEFT_FROM_SERVER = "left_from_server"
    """One who left names a server, which is passed over."""
    QUEUED_UNTRUE = "queued_untrue"
    """The mark says waited or not, the times say otherwise; the times count."""
    OUT_OF_ORDER = "out_of_order"
    """Arrived before the row above it."""
    NEVER_SERVED = "never_served"
    """Came for a service that nobody gave on this day."""


class UnreadableLine(Exception):
    """Line `line` (from 1, the columns' line included) cannot be read."""

    def __init__(self, line: int, fault: Fault, params: Mapping[str, str | int] | None = None) -> None:
        super().__init__(f"line {line}: {fault}")
        self.line = line
        self.fault = fault
        self.params = params or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One visitor of a recorded day. Times are local ones, read as if they were UTC: no clock change is undone."""

    service: str
    priority: int
    """2 = VIP, 1 and above 2 = before others, 0 = none, below 0 = unknown."""
    arrived_at: datetime
    started_at: datetime
    ended_at: datetime
    """End of the service, or the moment of leaving."""
    server: str | None
    """Who served; None: left unserved."""
    has_waited: bool
    names_server: bool
    """Whether the row names a server, served or not."""

    @property
    def wait_s(self) -> float:
        """Seconds from arrival to start, or to leaving."""
        until = self.started_at if self.server is not None else self.ended_at
        return max(0.0, (until - self.arrived_at).total_seconds())

    @property
    def service_s(self) -> float:
        """Seconds of service; 0 for one who left."""
        return (self.ended_at - self.started_at).total_seconds() if self.server is not None else 0.0


def read(path: Path) -> list[Row]:
    """All rows of a log in the order of its lines; raises `UnreadableLine` at the first that cannot be read."""
    if path.stat().st_size > LOG_BYTES_MAX:
        raise UnreadableLine(1, Fault.TOO_LARGE, {"max": LOG_BYTES_MAX})
    with path.open("rb") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, strict=True)
        try:
            places = _places(next(reader, []))
            return [_row(line, fields, places) for fields in reader if (line := lines.read) and fields]
        except csv.Error as error:
            raise UnreadableLine(lines.read, Fault.NOT_CSV) from error


def day_of(row: Row) -> date:
    """The day that a row belongs to."""
    started_on = row.arrived_at.date()
    return started_on if row.arrived_at.time() >= DAY_START else started_on - timedelta(days=1)


def oddities(rows: Iterable[Row]) -> Counter[Oddity]:
    """How often each oddity occurs in the rows of one day, given in the order of the log."""
    counted: Counter[Oddity] = Counter()
    rows = list(rows)
    served = {row.service for row in rows if row.server is not None}
    arrived_at = datetime.min.replace(tzinfo=UTC)
    for row in rows:
        counted.update(_oddities_of(row))
        counted[Oddity.OUT_OF_ORDER] += row.arrived_at < arrived_at
        counted[Oddity.NEVER_SERVED] += row.service not in served
        arrived_at = row.arrived_at
    counted[Oddity.OVERLAPPING_SERVICES] = _overlaps(rows)
    return +counted


class _Lines:
    """A file's lines as text, with the number of the last one read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(LINE_BYTES_MAX + 1):
            self.read += 1
            if len(line) > LINE_BYTES_MAX:
                raise UnreadableLine(self.read, Fault.LINE_TOO_LONG, {"max": LINE_BYTES_MAX})
            try:
                yield line.decode("utf-8-sig" if self.read == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise UnreadableLine(self.read, Fault.NOT_TEXT) from error


def _places(header: list[str]) -> dict[str, int]:
    names = [name.strip() for name in header]
    for column in COLUMNS:
        if column not in names:
            raise UnreadableLine(1, Fault.COLUMN_MISSING, {"column": column})
        if names.count(column) > 1:
            raise UnreadableLine(1, Fault.COLUMN_REPEATED, {"column": column})
    return {name: place for place, name in enumerate(names)}


def _row(line: int, fields: list[str], places: Mapping[str, int]) -> Row:
    if len(fields) != len(places):
        raise UnreadableLine(line, Fault.FIELD_COUNT, {"count": len(fields), "expected": len(places)})
    text = {column: fields[places[column]].strip() for column in COLUMNS}
    for column in ("service", "server"):
        if len(text[column]) > NAME_CHARS_MAX or not (text[column].isprintable()):
            raise UnreadableLine(line, Fault.BAD_NAME, {"column": column, "max": NAME_CHARS_MAX})
    if not text["service"]:
        raise UnreadableLine(line, Fault.BAD_NAME, {"column": "service", "max": NAME_CHARS_MAX})
    outcome = text["outcome"]
    if outcome not in ("served", "abandoned"):
        raise UnreadableLine(line, Fault.BAD_OUTCOME)
    if outcome == "served" and not text["server"]:
        raise UnreadableLine(line, Fault.NO_SERVER)
    if text["queued"] not in ("0", "1"):
        raise UnreadableLine(line, Fault.BAD_QUEUED)
    row = Row(
        service=text["service"],
        priority=_priority(line, text["priority"]),
        arrived_at=_moment(line, "arrival", text["arrival"]),
        started_at=_moment(line, "start", text["start"]),
        ended_at=_moment(line, "end", text["end"]),
        server=text["server"] if outcome == "served" else None,
        has_waited=text["queued"] == "1",
        names_server=bool(text["server"]),
    )
    if row.ended_at < row.started_at:
        raise UnreadableLine(line, Fault.NEGATIVE_INTERVAL)
    if row.ended_at - min(row.arrived_at, row.started_at) > VISIT_MAX:
        raise UnreadableLine(line, Fault.TOO_LONG, {"hours": int(VISIT_MAX.total_seconds() // 3600)})
    return row


def _priority(line: int, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 3):
        raise UnreadableLine(line, Fault.BAD_PRIORITY)
    return int(text)


def _moment(line: int, column: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableLine(line, Fault.BAD_TIME, {"column": column}) from error
    if at.tzinfo is not None or len(text) < len("1999-02-08T07:15"):
        raise UnreadableLine(line, Fault.BAD_TIME, {"column": column})
    return at.replace(tzinfo=UTC)


def _oddities_of(row: Row) -> Iterator[Oddity]:
    is_served = row.server is not None
    if is_served and row.ended_at == row.started_at:
        yield Oddity.ZERO_LENGTH_SERVICE
    if max(row.arrived_at, row.ended_at).date() > day_of(row):
        yield Oddity.PAST_MIDNIGHT
    if row.priority < 0:
        yield Oddity.PRIORITY_UNKNOWN
    if row.started_at < row.arrived_at:
        yield Oddity.STARTED_BEFORE_ARRIVAL
    if not is_served and row.ended_at != row.started_at:
        yield Oddity.LEFT_OVER_TIME
    if not is_served and row.names_server:
        yield Oddity.LEFT_FROM_SERVER
    if row.has_waited != (row.wait_s > 0):
        yield Oddity.QUEUED_UNTRUE


def _overlaps(rows: Iterable[Row]) -> int:
    overlaps = 0
    busy_until: dict[str, datetime] = {}
    for row in sorted(rows, key=lambda row: (row.started_at, row.ended_at)):
        if row.server is None:
            continue
        until = busy_until.get(row.server, row.started_at)
        overlaps += row.started_at < until
        busy_until[row.server] = max(until, row.ended_at)
    return overlaps
