"""Small made-up logs."""

from pathlib import Path

HEADER = "service,priority,arrival,start,end,outcome,server,queued"
DAY = "1999-02-08"


def served(
    arrival: str, start: str, end: str, *, service: str = "PS", server: str = "A1", priority: int = 0, queued: int = 0
) -> str:
    """A row of one who was served; times such as 09:00:00, or with their own date."""
    return f"{service},{priority},{_at(arrival)},{_at(start)},{_at(end)},served,{server},{queued}"


def left(arrival: str, leaving: str, *, service: str = "PS", priority: int = 0) -> str:
    """A row of one who left."""
    return f"{service},{priority},{_at(arrival)},{_at(leaving)},{_at(leaving)},abandoned,,1"


def a_log(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """A log file."""
    path = folder / "log.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def _at(time: str) -> str:
    return time if "T" in time else f"{DAY}T{time}"
