"""One of the demo's tellers: opens the window, calls, serves, takes breaks; and leaves the window to a person.

Whoever takes the window over, closes or pauses it is a person: the teller lets it be until the next business day.
"""

import asyncio
from random import Random

from queue_service.simulate.demo.caller import UNREACHABLE, Answer, Caller
from queue_service.simulate.demo.hall import LOOK_S, Hall, Json, Visit
from queue_service.simulate.play import FIND_OUT_S

TAKEN = frozenset({"window.lease_lost", "window.taken", "window.closed", "window.paused"})
"""Refusals that tell of a person at the window."""
ARRIVE_S_MAX = 4.0
"""Tellers open their windows within so many seconds."""
LOOK_UP_S = 2.0
"""Pause between two customers, so that people can follow."""
COME_S = (4, 20)
"""Shortest and longest time from a call to the start; not sped up, because people watch it."""
RECALL_S = 8.0
RECALL_CHANCE = 0.15
"""A visitor who comes is called twice."""
PARTLY_CHANCE = 0.05
BREAK_EVERY_S = (3600, 10_800)
BREAK_S = (300, 900)
REASONS = ("break", "lunch", "meeting")
CLOSE_WAIT_S_MAX = 8.0


class GivenUp(Exception):
    """A person has the window."""


class Teller:
    """One teller at one window; `work` until cancelled, then `leave`."""

    def __init__(self, hall: Hall, caller: Caller, window: int, random: Random) -> None:
        self._hall = hall
        self._caller = caller
        self._number = window
        self._path = f"{hall.path}/windows/{window}"
        self._random = random
        self._holds = False
        self._sign_in = 0
        """The caller's sign-in in whose session the window was opened."""
        self._break_at_s = 0.0

    async def work(self) -> None:
        """Be there every business day, as long as no person wants the window."""
        await self._hall.seen()
        await asyncio.sleep(self._random.uniform(0, ARRIVE_S_MAX))
        while True:
            given_up_on = await self._day()
            while self._hall.business_on == given_up_on:
                await self._hall.next_look()

    async def leave(self) -> None:
        """Close the window, if it is still this teller's; does not wait long for a core that is gone."""
        if self._holds:
            self._holds = False
            await self._caller.do("POST", f"{self._path}/close", {}, wait_s_max=CLOSE_WAIT_S_MAX)

    async def _day(self) -> str:
        """Work until a person has the window, or the day's end closes it; returns the business day that was."""
        business_on = self._hall.business_on
        self._plan_break()
        try:
            await self._open()
            while True:
                await self._next()
        except GivenUp:
            self._holds = False
            return business_on

    async def _open(self) -> None:
        while (answer := await self._do("open", {})).code is not None:
            await self._hall.next_look()
        self._holds, self._sign_in = True, self._caller.sign_ins
        if answer.body["ticket"] is not None:
            await self._serve(answer.body["ticket"])

    async def _next(self) -> None:
        if self._hall.now_s() >= self._break_at_s:
            await self._take_break()
        ticket = self._come_back()
        if ticket is not None:
            answer = await self._do("resume", {"ticket": ticket["id"]})
        else:
            answer = await self._do("call-next")
        called = answer.body.get("ticket")
        if called is not None:
            await self._serve(called["id"], called)
        elif answer.code == "window.busy":
            window = self._hall.window(self._number)
            if window is not None and window["ticket"] is not None:
                await self._serve(window["ticket"])
        await asyncio.sleep(LOOK_UP_S)

    async def _take_break(self) -> None:
        if (await self._do("pause", {"reason": self._random.choice(REASONS)})).code is None:
            await self._hall.live(self._random.uniform(*BREAK_S))
            await self._hall.next_look()
            window = self._hall.window(self._number)
            if window is None or window["state"] != "paused":
                raise GivenUp  # a person signed in as this very teller has opened it meanwhile
        self._plan_break()
        await self._open()

    async def _serve(self, ticket_id: str, ticket: Json | None = None) -> None:
        """See one ticket through, as far as others let it be."""
        ticket = ticket or self._hall.tickets().get(ticket_id)
        if ticket is None:
            return
        visit = self._hall.visit_of(ticket, self._random)
        if ticket["status"] == "called":
            is_absent = visit.visitor.is_no_show and not visit.has_returned
            if is_absent or not await self._start(visit):
                if is_absent:
                    await self._call_in_vain()
                return
        if visit.visitor.needs_instead is not None and not visit.has_been_sent_on:
            await self._send_on(visit, visit.visitor.needs_instead)
        elif visit.visitor.fetches_s is not None and not visit.has_fetched:
            await self._send_to_fetch(visit, visit.visitor.fetches_s)
        else:
            await self._hall.live(visit.visitor.service_s[ticket["leg"]])
            outcome = "partly" if self._random.random() < PARTLY_CHANCE else "done"
            await self._do("finish", {"outcome": outcome})

    async def _start(self, visit: Visit) -> bool:
        """Wait for the visitor and begin; False when the ticket is gone meanwhile."""
        shortest_s, longest_s = COME_S
        come_s = min(max(visit.visitor.walk_s, shortest_s), longest_s)
        if self._random.random() < RECALL_CHANCE:
            await asyncio.sleep(RECALL_S)
            await self._do("recall")
        await asyncio.sleep(come_s)
        return (await self._do("start")).code is None

    async def _call_in_vain(self) -> None:
        """Recall until the house allows to call the ticket missed."""
        await asyncio.sleep(RECALL_S)
        while (await self._do("miss")).code == "ticket.recall_first":
            if (await self._do("recall")).code is not None:
                return
            await asyncio.sleep(RECALL_S)

    async def _send_on(self, visit: Visit, service: str) -> None:
        visit.has_been_sent_on = True
        await self._hall.live(FIND_OUT_S)
        if (await self._do("transfer", {"service": service})).code is not None:
            await self._do("finish", {"outcome": "not_done"})  # not offered any more

    async def _send_to_fetch(self, visit: Visit, fetches_s: float) -> None:
        visit.has_fetched = True
        await self._hall.live(FIND_OUT_S)
        if (await self._do("park")).code is None:
            visit.back_at_s = self._hall.now_s() + fetches_s / self._hall.speed

    def _come_back(self) -> Json | None:
        """A simulated visitor of this window who was sent to fetch something and is back."""
        for ticket_id, ticket in self._hall.tickets().items():
            if ticket["status"] == "parked" and ticket["window"] == self._number:
                visit = self._hall.visits.get(ticket_id)
                if visit is not None and visit.has_fetched and self._hall.now_s() >= visit.back_at_s:
                    return ticket
        return None

    async def _do(self, verb: str, body: Json | None = None) -> Answer:
        """One verb at the window; raises `GivenUp` when a person has it."""
        answer = await self._caller.do("POST", f"{self._path}/{verb}", body)
        if answer.code in TAKEN:
            if self._holds and answer.code == "window.lease_lost" and self._sign_in != self._caller.sign_ins:
                self._holds = False  # the session had run out: the window is this teller's under another one
                await self._open()
                return answer
            raise GivenUp
        if answer.code == UNREACHABLE:
            await asyncio.sleep(LOOK_S)
        return answer

    def _plan_break(self) -> None:
        self._break_at_s = self._hall.now_s() + self._random.uniform(*BREAK_EVERY_S) / self._hall.speed
