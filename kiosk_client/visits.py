"""The visitor at the screen: one wish at a time, from the touch to the paper, whatever fails between."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import segno
import structlog

from kiosk_client.core import Core
from kiosk_client.intents import Intents, IntentState
from kiosk_client.printing.printer import Fault, Printed, PrintFailed
from kiosk_client.settings import Settings
from kiosk_client.waits import set_or_after
from queue_service.wire.clock import Clock

COPIES_MAX: Final = 1
"""So often a paper may be printed again of which something has come out."""
FORGET_S: Final = 3600
"""Seconds between two looks for intents that are old enough to be forgotten."""

_log = structlog.get_logger()

Ticket = dict[str, Any]
PrintTicket = Callable[[Ticket, bool], Awaitable[Printed]]
"""Prints an issued ticket, as a copy or not; raises `PrintFailed`."""


class VisitState(StrEnum):
    """What the screen shows of a visit.

    UNPRINTED: the number is on the screen alone, to be photographed
    UNANSWERED: the core gave no answer in time, and no number will come of it
    """

    ASKED = "asked"
    PRINTING = "printing"
    PRINTED = "printed"
    UNPRINTED = "unprinted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a visitor touched. `id` is made by the page for one visit and is the key of its intent."""

    id: str
    legs: tuple[str, ...]
    visitor_class: str
    language: str


class Begun(StrEnum):
    """What became of a touch: a new visit, one that was begun before, or nothing because another is under way."""

    NEW = "new"
    KNOWN = "known"
    BUSY = "busy"


@dataclass(slots=True)
class _Visit:
    wish: Wish
    begun_s: float
    state: VisitState = VisitState.ASKED
    ticket: Ticket | None = None
    qr: str | None = None
    fault: Fault | None = None
    code: str | None = None
    detail: str | None = None
    copies_left: int = COPIES_MAX
    is_copy: bool = False
    work: asyncio.Task[None] | None = None


class Visits:
    """The one visit of this screen."""

    def __init__(
        self,
        *,
        settings: Settings,
        intents: Intents,
        core: Core,
        clock: Clock,
        branch: Callable[[], str | None],
        hall_is_known: Callable[[], bool],
        print_ticket: PrintTicket,
        on_change: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        """`spawn` starts a task whose failure ends the process."""
        self._settings = settings
        self._intents = intents
        self._core = core
        self._clock = clock
        self._branch = branch
        self._hall_is_known = hall_is_known
        self._print = print_ticket
        self._on_change = on_change
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._visit: _Visit | None = None
        self.to_void = asyncio.Event()
        """Set whenever an intent was abandoned, and when the core is back."""

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for a number or a paper right now."""
        return self._visit is not None and self._visit.state in (VisitState.ASKED, VisitState.PRINTING)

    def told(self) -> dict[str, Any] | None:
        """The visit for the pages."""
        visit = self._visit
        if visit is None:
            return None
        return {
            "id": visit.wish.id,
            "state": visit.state,
            "ticket": visit.ticket,
            "qr": visit.qr,
            "fault": visit.fault,
            "code": visit.code,
            "detail": visit.detail,
            "may_print": visit.state is VisitState.UNPRINTED and (not visit.is_copy or visit.copies_left > 0),
            "copy": visit.is_copy,
        }

    def begin(self, wish: Wish) -> Begun:
        """Take a wish: kept on the disk when this returns, and sent from now on."""
        now_s = self._loop.time()
        visit = self._visit
        if self._intents.state(wish.id) is not None:
            return Begun.KNOWN
        if visit is not None and (self.is_busy or now_s - visit.begun_s < self._settings.settle_s):
            return Begun.BUSY
        self._intents.ask(wish.id, self._clock())
        self._visit = visit = _Visit(wish, now_s)
        visit.work = self._spawn(self._serve(visit))
        self._on_change()
        return Begun.NEW

    def leave(self, visit_id: str, *, gives_up: bool) -> bool:
        """The visitor has gone, or goes on; `gives_up`: without the number.

        False: nothing ends, because the paper is on its way, or is out and cannot be given up here.
        """
        visit = self._visit
        if visit is None or visit.wish.id != visit_id:
            if self._intents.ask(visit_id, self._clock()):
                self._abandon(visit_id)  # its wish may still be on its way from the page: it comes to nothing
            return True
        if visit.state is VisitState.PRINTING or (visit.state is VisitState.PRINTED and gives_up):
            return False
        if visit.state is VisitState.ASKED or (visit.state is VisitState.UNPRINTED and gives_up):
            self._abandon(visit_id)
        self._end(visit)
        return True

    def print_again(self, visit_id: str) -> bool:
        """Try the paper once more; says copy where something has come out before. False: not possible."""
        visit = self._visit
        told = self.told()
        if visit is None or told is None or visit.wish.id != visit_id or not told["may_print"]:
            return False
        if visit.is_copy:
            visit.copies_left -= 1
        visit.state = VisitState.PRINTING
        visit.work = self._spawn(self._put_on_paper(visit))
        self._on_change()
        return True

    async def void_for_ever(self) -> None:
        """Tell the core of abandoned intents, one at a time, until it has answered for each."""
        pause_s = self._settings.void_retry_s_first
        while True:
            self.to_void.clear()
            is_all_told = True
            for key in self._intents.abandoned():
                is_all_told = await self._void(key) and is_all_told
            on_screen = None if self._visit is None else self._visit.wish.id
            self._intents.forget(self._clock(), self._settings.intents_keep_days, but=on_screen)
            if is_all_told:
                pause_s = self._settings.void_retry_s_first
                await set_or_after(self.to_void, FORGET_S)
            else:
                await set_or_after(self.to_void, pause_s)
                pause_s = min(2 * pause_s, self._settings.void_retry_s_max)

    async def _serve(self, visit: _Visit) -> None:
        """From the kept wish to the paper."""
        if await self._issue(visit):
            await self._put_on_paper(visit)

    async def _issue(self, visit: _Visit) -> bool:
        """Ask for the number while somebody waits for it."""
        wish = visit.wish
        body = {"legs": wish.legs, "class": wish.visitor_class, "language": wish.language}
        until_s = visit.begun_s + self._settings.issue_patience_s
        pause_s = self._settings.retry_s_first
        tries = 0
        while (left_s := until_s - self._loop.time()) > 0:
            tries += 1
            branch = self._branch()
            answer = None
            if branch is not None and self._hall_is_known():  # a paper needs its words
                try:
                    async with asyncio.timeout(left_s):
                        answer = await self._core.issue(branch, body, wish.id, wish.language)
                except TimeoutError:
                    break
            if answer is None:
                await asyncio.sleep(min(pause_s, max(0.0, until_s - self._loop.time())))
                pause_s = min(2 * pause_s, self._settings.retry_s_max)
                continue
            if answer.is_success:
                self._issued(visit, answer.body)
                return True
            self._refused(visit, answer.code, answer.detail, is_certain=tries == 1)
            return False
        _log.warning("issue.unanswered", tries=tries)
        self._abandon(wish.id)
        visit.state = VisitState.UNANSWERED
        self._on_change()
        return False

    def _issued(self, visit: _Visit, ticket: Ticket) -> None:
        self._intents.move(visit.wish.id, IntentState.ISSUED, self._clock(), label=ticket["label"])
        visit.ticket = ticket
        visit.qr = segno.make(ticket["url"], error="m", micro=False).svg_data_uri(border=4, light="#fff", dark="#000")
        visit.state = VisitState.PRINTING
        self._on_change()

    def _refused(self, visit: _Visit, code: str, detail: str, *, is_certain: bool) -> None:
        """`is_certain`: no earlier try can still be on its way and bring a number after all."""
        if is_certain:
            self._intents.move(visit.wish.id, IntentState.REFUSED, self._clock())
        else:
            self._abandon(visit.wish.id)
        visit.state = VisitState.REFUSED
        visit.code, visit.detail = code, detail
        self._on_change()

    async def _put_on_paper(self, visit: _Visit) -> None:
        assert visit.ticket is not None
        try:
            printed = await self._print(visit.ticket, visit.is_copy)
        except PrintFailed as failure:
            if self._intents.state(visit.wish.id) is IntentState.ISSUED:
                self._intents.move(visit.wish.id, IntentState.SHOWN, self._clock())
            visit.fault = failure.fault
            visit.is_copy = visit.is_copy or failure.bytes_sent > 0
            visit.state = VisitState.UNPRINTED
        else:
            state = IntentState.CONFIRMED if printed.confirmed else IntentState.PRINTED
            self._intents.move(visit.wish.id, state, self._clock())
            visit.fault = None
            visit.state = VisitState.PRINTED
        self._on_change()

    def _abandon(self, key: str) -> None:
        self._intents.move(key, IntentState.ABANDONED, self._clock())
        self.to_void.set()

    def _end(self, visit: _Visit) -> None:
        if visit.work is not None and visit.state is VisitState.ASKED:
            visit.work.cancel()
        self._visit = None
        self._on_change()

    async def _void(self, key: str) -> bool:
        branch = self._branch()
        answer = await self._core.void(branch, key) if branch is not None else None
        if answer is None or not answer.is_success:
            _log.warning("void.unanswered", status=None if answer is None else answer.status)
            return False
        self._intents.move(key, IntentState.VOID, self._clock())
        return True
