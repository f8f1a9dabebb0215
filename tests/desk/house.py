"""A desk over a real journal, whose clock moves only when a test says so."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from queue_service.catalog.service import Catalog
from queue_service.desk.branch import Ask, Change
from queue_service.desk.service import Desk
from queue_service.desk.views import View, ticket_answer
from queue_service.hall.commands import CallNext, Command, Finish, IssueTicket, OpenWindow, Start
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.events import Event
from queue_service.hall.evolve import replay
from queue_service.hall.hours import Hours, Opening
from queue_service.hall.invariants import Checker, violations
from queue_service.hall.terms import Plan, Policy, Service, Terms, Text, Window, Zone
from queue_service.hall.tickets import Channel, Lease
from queue_service.infra.database import Database
from queue_service.journal import codec, open_journal
from queue_service.journal.entries import DayId, Entry
from queue_service.journal.store import Journal
from queue_service.settings import Settings

BRANCH = "main"
MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)
KIOSK = "device:kiosk"
CASH, CARDS = "cash", "cards"
NUMBER_GIVEN = b"n" * 16
"""The fingerprint of a request under a key."""


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of Monday; hours from 24 on are Tuesday's."""
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour, minutes=minute, seconds=second)


def both(words: str) -> Text:
    """Words in both languages."""
    return {"zh-CN": words, "en": words}


def terms(**changes: Any) -> Terms:
    """Cash and cards at windows 1 and 2, cash alone at 3; open from nine to five, in UTC."""
    opening = Opening(numbers_from=time(9), last_number=time(17), doors_close=time(17, 30))
    known = Terms(
        branch_id=BRANCH,
        version=0,
        name=both("Main"),
        hours=Hours(time_zone="UTC", week=dict.fromkeys(range(1, 8), opening)),
        services=(
            Service(id=CASH, prefix="A", name=both("Cash"), minutes=6),
            Service(id=CARDS, prefix="B", name=both("Cards"), minutes=12),
        ),
        zones=(Zone(id="hall", name=both("Hall")),),
        windows=tuple(Window(number=number, zone="hall") for number in (1, 2, 3)),
        plans=(a_plan({1: (CASH, CARDS), 2: (CASH, CARDS), 3: (CASH,)}),),
        policy=replace(Policy(), recalls_before_miss=0),
    )
    return replace(known, **changes)


def a_plan(windows: dict[int, tuple[str, ...]], plan_id: str = "normal", **changes: Any) -> Plan:
    """A window plan."""
    return replace(Plan(id=plan_id, name=both(plan_id), windows=windows), **changes)


def lease_of(window: int) -> Lease:
    """The hold of the teller who always has a window."""
    return Lease(teller=f"staff:teller{window}", session=f"session{window}")


@dataclass
class HandClock:
    """Shows a time until it is set to another."""

    now: datetime = field(default_factory=lambda: at(9))

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class House:
    """One process's desk and what it stands on."""

    settings: Settings
    clock: HandClock
    journal: Journal
    database: Database
    catalog: Catalog
    desk: Desk
    changes: list[Change] = field(default_factory=list)
    """What listeners were told."""

    async def ask(
        self,
        command: Command,
        *,
        kind: str = "test",
        actor: str = KIOSK,
        key: str | None = None,
        fingerprint: bytes = NUMBER_GIVEN,
        branch_id: str = BRANCH,
    ) -> dict[str, Any]:
        """The answer to a command: `ticket`, `reason`, and the `seq` of the day that it is about."""
        encoded = await self.desk.submit(
            Ask(
                branch_id=branch_id,
                actor=actor,
                kind=kind,
                command=command,
                answer=_answer,
                key=key,
                fingerprint=fingerprint if key is not None else None,
            )
        )
        answer: dict[str, Any] = json.loads(encoded)
        return answer

    async def issue(self, service: str = CASH, **more: Any) -> dict[str, Any]:
        """A number; its ticket."""
        command = IssueTicket(legs=(service,), channel=Channel.KIOSK, language="en")
        ticket: dict[str, Any] = (await self.ask(command, **more))["ticket"]
        return ticket

    async def open(self, *windows: int) -> None:
        for window in windows:
            await self.ask(OpenWindow(window=window, lease=lease_of(window), takeover=False))

    async def call(self, window: int, **more: Any) -> dict[str, Any] | None:
        """Call the next; None when nobody waits."""
        ticket: dict[str, Any] | None = (await self.ask(CallNext(window=window, lease=lease_of(window)), **more))[
            "ticket"
        ]
        return ticket

    async def serve(self, window: int) -> dict[str, Any]:
        """Call the next and serve it."""
        ticket = await self.call(window)
        assert ticket is not None
        await self.ask(Start(window=window, lease=lease_of(window)))
        await self.ask(Finish(window=window, lease=lease_of(window)))
        return ticket

    async def today(self) -> Day:
        return await self.desk.today(BRANCH)

    async def entries(self, on: date = MONDAY) -> list[Entry]:
        return await self.journal.load(DayId(branch_id=BRANCH, business_on=on))

    async def replayed(self, on: date = MONDAY) -> Day:
        """The day as its journal alone tells it, every invariant checked on the way."""
        checker = Checker()
        told = [(entry.seq, entry.at, codec.decode(entry.events)) for entry in await self.entries(on)]
        for seq, moment, events in told:
            checker.entry(seq, moment, events)
        assert checker.found == []
        day = replay(told)
        assert list(violations(day)) == []
        return day

    async def publish(self, edited: Terms) -> Terms:
        """A new version of the catalogue, as an editor in any process makes it."""
        published = await self.catalog.publish(edited, by="test", now=self.clock())
        assert isinstance(published, Terms), published
        return published

    def told(self) -> list[Event]:
        """All events that listeners heard of."""
        return [event for change in self.changes for event in change.events]


@asynccontextmanager
async def a_house(
    settings: Settings, clock: HandClock | None = None, known: Terms | None = None
) -> AsyncIterator[House]:
    """A desk for the branch `main`, whose terms are published unless some are there already."""
    clock = clock or HandClock()
    database = await Database.open(settings)
    journal = await open_journal(settings)
    try:
        catalog = await Catalog.open(database)
        if catalog.current(BRANCH) is None:
            await catalog.publish(known or terms(), by="test", now=clock())
        desk = Desk(journal=journal, catalog=catalog, clock=clock, settings=settings)
        house = House(settings, clock, journal, database, catalog, desk)
        desk.listeners.append(house.changes.append)
        yield house
    finally:
        await journal.close()
        await database.close()


def _answer(day: Day, accepted: Accepted) -> View:
    return {**ticket_answer(day, accepted.ticket), "reason": accepted.reason, "seq": day.seq}
