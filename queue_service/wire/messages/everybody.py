"""What everybody may see: branches and their boards; nothing about a person."""

from datetime import date, datetime
from typing import Literal

from queue_service.hall.terms import VisitorClass
from queue_service.wire.messages.values import Answer, MissedRule, Text, Wait, WindowState


class BranchName(Answer):
    """A branch by id and name."""

    id: str
    name: Text


class ServiceName(Answer):
    """A service by id and name."""

    id: str
    prefix: str
    name: Text


class BoardBranch(BranchName):
    """The branch as the board shows it."""

    open: bool
    numbers: bool
    """Whether numbers are given now."""
    opens_at: datetime | None
    """Next moment at which numbers are given; None while they are."""
    closes_at: datetime | None
    time_zone: str
    business_on: date
    plan: str
    """Id of the window plan in force."""
    missed_rule: MissedRule


class BoardService(Answer):
    """A service with its queue. `windows`: open windows that serve it now."""

    id: str
    prefix: str
    name: Text
    about: Text
    open: bool
    """Numbers for it are given now and a window of the plan serves it."""
    closed_reason: Literal["closed", "no_window", "full"] | None
    waiting: int
    wait: Wait | None
    target_wait_s: int
    asks_class: list[VisitorClass]
    self_service: Text | None
    bookable: bool
    windows: list[int]


class BoardWindow(Answer):
    """A window as everybody may see it."""

    number: int
    name: Text
    zone: str
    state: WindowState
    services: list[str]
    serving: str | None
    """Label of the ticket at the window."""
    waiting: int
    """Tickets that this window may serve."""
    roaming: bool


class Call(Answer):
    """One call on the board; a recall has an id of its own and a higher `times`."""

    id: str
    label: str
    window: int
    at: datetime
    times: int


class Notice(Answer):
    """A line of news."""

    text: Text
    until: datetime | None


class Zone(Answer):
    """A part of the hall."""

    id: str
    name: Text


class Board(Answer):
    """The lobby board; nothing about a person."""

    branch: BoardBranch
    services: list[BoardService]
    zones: list[Zone]
    windows: list[BoardWindow]
    calls: list[Call]
    """The last calls, newest first."""
    notices: list[Notice]


class BranchSummary(BranchName):
    """A branch for finding one."""

    address: Text
    time_zone: str
    open: bool
    numbers: bool
    opens_at: datetime | None
    closes_at: datetime | None
    services: list[BoardService]


class WeekOpening(Answer):
    """Local times of one weekday (1 = Monday) or date."""

    day: str
    numbers_from: str | None
    last_number: str | None
    doors_close: str | None


class Branch(BranchSummary):
    """A branch with its hours."""

    hours: list[WeekOpening]
    exceptions: list[WeekOpening]
    zones: list[Zone]


class Branches(Answer):
    """All branches."""

    branches: list[BranchSummary]
