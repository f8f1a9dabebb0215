"""What stands on the paper ticket, as values: the facts of one number, and the blocks that a reader sees in order.

The visitor's language comes first, the other one under it and smaller. Nothing here knows dots or bytes.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from kiosk_client.printing.wording import PHRASE_GAP
from queue_service.wire import locales
from queue_service.wire.messages import Text

LABEL_CHARS_MAX: Final = 12
URL_CHARS_MAX: Final = 300
"""A code of more could not be read from 58 mm paper."""
LEGS_MAX: Final = 12
_RUN_MIN: Final = 3
"""Neighbouring windows from so many on are told as a range."""

MissedRule = Literal["keep", "after", "last"]
_CLASS_KEYS: Final = {
    # The paper lies about in the hall: it says that somebody is served by another rule, never by which.
    "priority": "paper.class.priority",
    "vip": "paper.class.priority",
    "appointment": "paper.class.appointment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTicket:
    """The facts of one number, as they stand when it is printed."""

    label: str
    services: tuple[Text, ...]
    """Names of the legs, in their order."""
    ahead: int | None
    wait_low_s: int | None
    wait_high_s: int | None
    windows: tuple[int, ...]
    zone: Text | None
    branch: Text
    issued_at: datetime
    """In the branch's time zone; printed as it is."""
    url: str
    """The visitor's own page."""
    missed_rule: str
    """`keep`, `after` or `last`."""
    missed_after: int
    language: str
    is_copy: bool = False
    visitor_class: str = "normal"
    to_confirm: bool = False

    def __post_init__(self) -> None:
        assert 1 <= len(self.label) <= LABEL_CHARS_MAX, self.label
        assert self.label.isascii() and self.label.isalnum(), self.label
        assert 1 <= len(self.services) <= LEGS_MAX
        assert self.issued_at.tzinfo is not None
        assert self.url.isascii() and self.url.isprintable() and " " not in self.url
        assert 1 <= len(self.url) <= URL_CHARS_MAX
        assert self.missed_rule in ("keep", "after", "last"), self.missed_rule


class Size(StrEnum):
    """How large a line stands beside the others."""

    SMALL = "small"
    BODY = "body"
    TALL = "tall"
    """What the visitor looks for: twice as high."""
    LARGE = "large"
    """What the visitor came for: twice as high and wide."""


@dataclass(frozen=True, slots=True)
class Line:
    """A centred text, broken where the paper ends."""

    text: str
    language: str
    size: Size = Size.BODY
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """The number, as large as the paper allows."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin line across the paper."""


@dataclass(frozen=True, slots=True)
class Gap:
    """White paper, `dots` high."""

    dots: int


@dataclass(frozen=True, slots=True)
class Qr:
    """A code that opens `url`."""

    url: str


Block = Line | Label | Rule | Gap | Qr
Document = tuple[Block, ...]


def document(ticket: PaperTicket) -> Document:
    """The ticket from top to bottom."""
    return tuple(_blocks(ticket))


def void_document() -> Document:
    """What is put under a ticket that broke off, before it is cut away."""
    words = PHRASE_GAP.join(locales.text(tag, "paper.void") for tag in _pair(locales.LANGUAGE_FIRST))
    return (Gap(8), Rule(), Line(words, locales.LANGUAGE_FIRST, Size.LARGE, is_strong=True), Rule())


def _blocks(ticket: PaperTicket) -> Iterator[Block]:
    first, second = _pair(ticket.language)
    yield Line(_name(ticket.branch, first), first, is_strong=True)
    yield from _under(_name(ticket.branch, first), _name(ticket.branch, second), second)
    yield Gap(10)
    yield Rule()
    if ticket.is_copy:
        yield Gap(10)
        yield Line(_together("paper.copy", first, second), first, Size.LARGE, is_strong=True)
    yield Gap(20)
    yield Label(ticket.label)
    yield Gap(20)
    yield from _class(ticket, first, second)
    yield from _services(ticket, first, second)
    yield Gap(14)
    yield Rule()
    yield Gap(14)
    yield from _place(ticket, first, second)
    yield Gap(24)
    yield Qr(ticket.url)
    yield Gap(12)
    yield Line(locales.text(first, "paper.qr"), first)
    yield Line(locales.text(second, "paper.qr"), second, Size.SMALL)
    yield Gap(12)
    yield Rule()
    yield Gap(10)
    missed = f"paper.missed.{ticket.missed_rule}"
    yield Line(locales.text(first, missed, after=ticket.missed_after), first)
    yield Line(locales.text(second, missed, after=ticket.missed_after), second, Size.SMALL)
    yield Gap(10)
    yield Line(f"{ticket.issued_at:%Y-%m-%d  %H:%M}", locales.LANGUAGE_COMMON, Size.SMALL)


def _class(ticket: PaperTicket, first: str, second: str) -> Iterator[Block]:
    key = _CLASS_KEYS.get(ticket.visitor_class)
    if key is None:
        return
    yield Line(_together(key, first, second), first, Size.TALL, is_strong=True)
    if ticket.to_confirm:
        yield Line(locales.text(first, "paper.class.to_confirm"), first)
        yield Line(locales.text(second, "paper.class.to_confirm"), second, Size.SMALL)
    yield Gap(10)


def _services(ticket: PaperTicket, first: str, second: str) -> Iterator[Block]:
    is_one = len(ticket.services) == 1
    for order, service in enumerate(ticket.services, start=1):
        before = "" if is_one else f"{order}. "
        name = _name(service, first)
        yield Line(before + name, first, Size.LARGE if is_one else Size.TALL, is_strong=True)
        yield from _under(name, _name(service, second), second)


def _place(ticket: PaperTicket, first: str, second: str) -> Iterator[Block]:
    """How long, and where."""
    for language, size in ((first, Size.TALL), (second, Size.SMALL)):
        facts = [fact for fact in (_ahead(ticket, language), _wait(ticket, language)) if fact]
        if facts:
            yield Line(PHRASE_GAP.join(facts), language, size, is_strong=size is Size.TALL)
    if ticket.ahead is not None or _wait(ticket, first):
        yield Gap(12)
    for language, size in ((first, Size.BODY), (second, Size.SMALL)):
        wheres = [where for where in (_zone(ticket, language), _windows(ticket, language)) if where]
        if wheres:
            yield Line(PHRASE_GAP.join(wheres), language, size, is_strong=size is Size.BODY)


def _ahead(ticket: PaperTicket, language: str) -> str:
    if ticket.ahead is None or (ticket.ahead == 0 and not ticket.windows):  # nobody is next where no window calls
        return ""
    key = "paper.ahead" if ticket.ahead else "paper.ahead.none"
    return locales.text(language, key, ahead=ticket.ahead)


def _wait(ticket: PaperTicket, language: str) -> str:
    """In minutes rounded up, as on every page: a wait told too short is the worse mistake."""
    if ticket.wait_low_s is None or ticket.wait_high_s is None:
        return ""
    low, high = math.ceil(ticket.wait_low_s / 60), math.ceil(ticket.wait_high_s / 60)
    if high == 0:
        return locales.text(language, "paper.wait.none")
    if low == high:
        return locales.text(language, "paper.wait.about", minutes=high)
    return locales.text(language, "paper.wait.range", low=low, high=high)


def _zone(ticket: PaperTicket, language: str) -> str:
    return locales.text(language, "paper.zone", zone=_name(ticket.zone, language)) if ticket.zone else ""


def _windows(ticket: PaperTicket, language: str) -> str:
    numbers = sorted(set(ticket.windows))
    if not numbers:
        return ""
    if len(numbers) == 1:
        return locales.text(language, "paper.window", window=numbers[0])
    return locales.text(
        language, "paper.windows", windows=locales.text(language, "paper.separator").join(_runs(numbers))
    )


def _runs(numbers: list[int]) -> Iterator[str]:
    """`[1, 2, 3, 5]` as "1–3", "5"."""
    run: list[int] = []
    for number in [*numbers, None]:
        if number is not None and (not run or number == run[-1] + 1):
            run.append(number)
            continue
        if len(run) >= _RUN_MIN:
            yield f"{run[0]}–{run[-1]}"
        else:
            yield from map(str, run)
        run = [] if number is None else [number]


def _under(name: str, other: str, language: str) -> Iterator[Block]:
    """The name in the second language, unless it says the same."""
    if other != name:
        yield Line(other, language, Size.SMALL)


def _together(key: str, first: str, second: str) -> str:
    return PHRASE_GAP.join((locales.text(first, key), locales.text(second, key)))


def _name(names: Text, language: str) -> str:
    """In that language, or in the one most readers know of those there are."""
    for tag in (language, locales.LANGUAGE_COMMON, locales.LANGUAGE_FIRST):
        if tag in names:
            return names[tag]
    return next(iter(names.values()), "")


def _pair(language: str) -> tuple[str, str]:
    """The visitor's language and the other one on the paper."""
    first = locales.negotiate(language)
    return first, locales.LANGUAGE_COMMON if first == locales.LANGUAGE_FIRST else locales.LANGUAGE_FIRST
