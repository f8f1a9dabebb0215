"""What the actors of the demo share: the hall as its floor view shows it, and who the visitors are."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from math import inf
from random import Random
from typing import Any

from queue_service.hall.terms import Service, VisitorClass
from queue_service.simulate.cast import Visitor
from queue_service.simulate.demo.caller import Caller
from queue_service.simulate.visitors import Draw, Habits, service_s

LOOK_S = 1.5
"""Seconds between two looks at the floor."""
MINUTES_ELSE = 6.0
"""Length of a service that no sample hall has."""

HABITS = Habits(patience_minutes_mean=90)

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Visit:
    """A simulated visitor with a number. Moments are of the event loop's clock, in seconds."""

    visitor: Visitor
    token: str
    leaves_at_s: float
    has_returned: bool = False
    missed_at_s: float | None = None
    has_been_sent_on: bool = False
    has_fetched: bool = False
    back_at_s: float = 0
    """When a visitor who was sent to fetch something is back."""


class Hall:
    """One branch of a running core."""

    def __init__(self, branch: str, minutes: dict[str, float], speed: float) -> None:
        self.path = f"/branches/{branch}"
        self.speed = speed
        self.visits: dict[str, Visit] = {}
        """The simulated visitors by ticket, until the ticket has ended."""
        self.floor: Json = {}
        """The floor view, at most some seconds old; empty before the first look."""
        self._minutes = minutes
        self._looked = asyncio.Event()

    def now_s(self) -> float:
        """The event loop's clock."""
        return asyncio.get_running_loop().time()

    async def live(self, seconds: float) -> None:
        """Let so many seconds of the visitors' lives pass."""
        await asyncio.sleep(seconds / self.speed)

    async def look(self, caller: Caller) -> None:
        """Look at the floor, and forget the visitors whose tickets have ended."""
        asked_of = set(self.visits)
        answer = await caller.get(f"{self.path}/floor")
        if answer.code is not None:
            return
        self.floor = answer.body
        for ticket_id in asked_of - self.tickets().keys():
            del self.visits[ticket_id]
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    async def seen(self) -> None:
        """Wait for the first look."""
        while not self.floor:
            await self.next_look()

    async def next_look(self) -> None:
        """Wait for the next look."""
        await self._looked.wait()

    @property
    def business_on(self) -> str:
        """The business day on the floor."""
        day: str = self.floor["branch"]["business_on"]
        return day

    def tickets(self) -> dict[str, Json]:
        """The tickets that have not ended, by id."""
        return {ticket["id"]: ticket for ticket in self.floor["tickets"]}

    def window(self, number: int) -> Json | None:
        """A window as the floor shows it; None where the hall has none of that number."""
        return next((window for window in self.floor["windows"] if window["number"] == number), None)

    def draw(self, opening: Collection[int] = ()) -> Draw | None:
        """What new visitors are drawn from: services that give numbers, at windows that serve; None: there are none.

        `opening` are windows that count as open already.
        """
        services = {
            service["id"]: Service(
                id=service["id"],
                prefix=service["prefix"],
                name=service["name"],
                minutes=self._minutes.get(service["id"], MINUTES_ELSE),
                asks_class=tuple(VisitorClass(claimed) for claimed in service["asks_class"]),
            )
            for service in self.floor["services"]
            if service["open"]
        }
        windows = {
            window["number"]: tuple(service_id for service_id in window["services"] if service_id in services)
            for window in self.floor["windows"]
            if window["state"] != "closed" or window["number"] in opening
        }
        windows = {number: served for number, served in windows.items() if served}
        if not windows:
            return None
        time_zone = self.floor["branch"]["time_zone"]
        return Draw(services=services, windows=windows, time_zone=time_zone, habits=HABITS)

    def visit_of(self, ticket: Json, random: Random) -> Visit:
        """The simulated visit of a ticket; a person's ticket gets a visitor who does everything right."""
        visit = self.visits.get(ticket["id"])
        if visit is not None:
            return visit
        lengths_s = (
            service_s(self._minutes.get(service_id, MINUTES_ELSE), HABITS.service_sigma, random)
            for service_id in ticket["legs"]
        )
        stranger = Visitor(
            arrives_at=datetime.fromisoformat(ticket["issued_at"]),
            legs=tuple(ticket["legs"]),
            service_s=tuple(lengths_s),
            walk_s=HABITS.walk_s_mean,
        )
        return Visit(visitor=stranger, token="", leaves_at_s=inf)
