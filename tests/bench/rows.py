"""What the bench tells: one row for one promise, figures taken several times in one run, a verdict against the goal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from statistics import median, quantiles

WHOLE_FROM = 100
"""Numbers from here on are told without a fraction, smaller ones with three digits."""


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
class Line:
    """What a table tells in one line: a figure of which something is promised, or all others of one unit."""

    measured: str
    promised: str
    is_kept: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A promise of the design and what was measured of it. `setup` tells in one line how."""

    name: str
    setup: str
    figures: tuple[Figure, ...]

    @property
    def is_kept(self) -> bool:
        """Whether all that it promises is."""
        return all(figure.is_kept is not False for figure in self.figures)

    def lines(self) -> Iterator[Line]:
        """In their order; figures are folded that stand side by side, have one unit and promise nothing."""
        for _, same in groupby(self.figures, lambda one: (one.unit, "" if one.limit is None else one.name)):
            figures = tuple(same)
            one = figures[0]
            promised = "" if one.limit is None else f"{one.bound} {one.limit:g} {one.unit}"
            yield Line(measured="; ".join(map(_told, figures)), promised=promised, is_kept=one.is_kept)


def _told(figure: Figure) -> str:
    """The median, and the least and the most where they tell more."""
    spread = f" ({_number(min(figure.values))} – {_number(max(figure.values))})" if len(figure.values) > 1 else ""
    return f"{figure.name} {_number(figure.median)} {figure.unit}{spread}"


def _number(value: float) -> str:
    return f"{value:.3g}" if value < WHOLE_FROM else f"{value:.0f}"


Rows = Iterator[Row]


def p99(values: Sequence[float]) -> float:
    """What one of a hundred exceeds."""
    return quantiles(values, n=100, method="inclusive")[-1]
