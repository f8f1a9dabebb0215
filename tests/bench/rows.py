"""What the bench tells: one row for one promise, figures taken several times in one run, a verdict against the goal."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Bound(StrEnum):
    """On which side of its limit a figure keeps the promise."""

    AT_LEAST = "≥"
    AT_MOST = "≤"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing measured once in each repeat. `unit`: "×" for a ratio to the baseline of the same repeat."""

    name: str
    unit: str
    values: tuple[float, ...]
    bound: Bound = Bound.NONE
    limit: float | None = None
    """None: told, but nothing is promised of it."""

    def __post_init__(self) -> None:
        assert self.values, "a figure was measured"
        assert (self.limit is None) == (self.bound is Bound.NONE)

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def is_kept(self) -> bool | None:
        """Whether the median keeps the promise; None where there is none."""
        if self.limit is None:
            return None
        return self.median >= self.limit if self.bound is Bound.AT_LEAST else self.median <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A promise of the design and what was measured of it. `setup` tells in one line how."""

    name: str
    setup: str
    figures: tuple[Figure, ...]


Rows = Iterator[Row]
