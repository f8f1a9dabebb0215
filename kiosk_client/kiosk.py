"""The kiosk as a whole: follows the hall, serves the visitor at the screen, prints, and tells its pages how it is."""

import asyncio
import secrets
from collections.abc import Coroutine
from contextlib import aclosing
from datetime import date, timedelta
from typing import Any, Final

import msgspec
import structlog

from kiosk_client.core import Core
from kiosk_client.intents import Intents
from kiosk_client.papers import paper_ticket
from kiosk_client.printing.printer import Fault, Printed, Printer, PrintFailed
from kiosk_client.prints import Prints
from kiosk_client.settings import Settings
from kiosk_client.visits import Ticket, Visits
from kiosk_client.waits import set_or_after
from queue_service.wire.clock import Clock
from queue_service.wire.edge.device import ASK_AGAIN_S, Device, devices
from queue_service.wire.follower import Follower, live_url
from queue_service.wire.relay import Relay
from queue_service.wire.requests import LEGS_MAX
from queue_service.wire.session import SessionState, SessionTimes

VIEW: Final = "kiosk"
HELP_TRIES_MAX: Final = 3
PICTURES_MAX: Final = 4
"""Papers of a virtual printer that the screen may show."""
OTHERS_MAX: Final = 6
"""So many other branches are named on the screen of a closed one."""

_chance = secrets.SystemRandom().random
_log = structlog.get_logger()


class Kiosk:
    """One kiosk. Made in the loop that runs it."""

    def __init__(self, settings: Settings, token: str, clock: Clock, printer: Printer) -> None:
        self._settings = settings
        self._token = token
        self._clock = clock
        self._printer = printer
        self._fault: Fault | None = None
        self._to_tell = asyncio.Event()
        self._pictures: dict[str, bytes] = {}
        self._newest_picture: str | None = None
        self._device: Device | None = None
        self._follower: Follower | None = None
        self._begun_at = clock()
        self._begun_s = asyncio.get_running_loop().time()
        self._is_live = False
        self._refused: int | None = None
        self._branch: dict[str, Any] | None = None
        self._others: list[dict[str, Any]] = []
        self._hall: msgspec.Raw | None = None
        self._board: dict[str, Any] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._turned = asyncio.Event()
        self._core = Core(settings, token)
        self._intents = Intents(settings.data_dir / "intents.sqlite")
        self._intents.abandon_unattended(clock())
        self.relay = Relay(view=VIEW, epoch=secrets.token_hex(8), clock=clock)
        self.visits = Visits(
            settings=settings,
            intents=self._intents,
            core=self._core,
            clock=clock,
            branch=self._branch_id,
            hall_is_known=lambda: self._board is not None,
            print_ticket=self._print,
            on_change=self._publish,
            spawn=self._spawn,
        )
        self._prints = Prints(
            settings=settings,
            core=self._core,
            branch=self._branch_id,
            next_print=self._next_print,
            is_ready=self._is_printer_free,
            print_ticket=self._print,
            call_greeter=self.ask_help,
        )
        self._publish()

    async def run(self) -> None:
        """Until cancelled, or something of it fails."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for part in (
                    self._follow(),
                    self.visits.void_for_ever(),
                    self._look_at_printer(),
                    self._tell_printer(),
                    self._prints.run(),
                    self._look_at_branches(),
                    self._look_at_clock(),
                ):
                    tasks.create_task(part)
        finally:
            self._intents.close()
            await self._core.close()

    async def ask_help(self) -> bool:
        """Call a greeter to this kiosk; False where the core did not answer."""
        device = self._device
        key = secrets.token_hex(16)
        for _ in range(HELP_TRIES_MAX):
            answer = await self._core.help(device.branch, key) if device is not None else None
            if answer is not None:
                return answer.is_success
            await asyncio.sleep(self._settings.retry_s_first)
        return False

    def state(self) -> dict[str, Any]:
        """All that the pages show."""
        settings = self._settings
        link = self._link()
        return {
            "device": None if self._device is None else {"name": self._device.name, "branch": self._device.branch},
            "hall": self._hall,
            "link": {"state": link, "since": self._since(link), "refused": self._refusal()},
            "printer": {"fault": self._fault, "picture": self._newest_picture},
            "visit": self.visits.told(),
            "hours": self._hours_today(),
            "others": self._others,
            "settings": {
                "languages": settings.languages,
                "idle_s": settings.idle_s,
                "warn_s": settings.warn_s,
                "ticket_s": settings.ticket_s,
                "large_type_factor": settings.large_type_factor,
                "large_time_factor": settings.large_time_factor,
                "settle_s": settings.settle_s,
                "legs_max": LEGS_MAX,
            },
        }

    def paper_picture(self, ticket_id: str) -> bytes | None:
        """A ticket's paper, of the last ones that came out of a virtual printer."""
        return self._pictures.get(ticket_id)

    def _publish(self) -> None:
        self.relay.publish(self.state())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        assert self._tasks is not None, "visitors are served while the kiosk runs"
        return self._tasks.create_task(work)

    def _branch_id(self) -> str | None:
        return None if self._device is None else self._device.branch

    # The core

    async def _follow(self) -> None:
        """Follow the hall as the device that the core knows this kiosk as, and as another one once it is that."""
        known = devices(self._core.client, self._settings.data_dir, on_refusal=self._be_refused)
        async with asyncio.TaskGroup() as tasks, aclosing(known) as told:
            following: asyncio.Task[None] | None = None
            async for device in told:
                if following is not None:
                    following.cancel()
                self._device = device
                following = tasks.create_task(self._follow_as(device))

    def _be_refused(self, status: int | None) -> None:
        self._refused = status
        self._publish()

    async def _follow_as(self, device: Device) -> None:
        times = SessionTimes(stale_s=self._settings.stale_s, retry_s_max=self._settings.retry_s_max)
        self._follower = Follower(
            live_url(self._settings.core_url, f"/api/v1/branches/{device.branch}/live?view={VIEW}"),
            headers={"Authorization": f"Bearer {self._token}"},
            chance=_chance,
            on_change=self._hall_changed,
            times=times,
        )
        if self._board is not None and self._board["branch"]["id"] != device.branch:
            self._hall = self._board = self._branch = None
        await self._follower.run()

    def _hall_changed(self) -> None:
        view = self._follower.view if self._follower is not None else None
        before = self._board
        if view is not None:
            self._hall, self._board = view.data, msgspec.json.decode(bytes(view.data))
        if _doors(before) != _doors(self._board):
            self._turned.set()
            self._to_tell.set()  # a new day knows nothing of the printer
        was_live, self._is_live = self._is_live, self._link() is SessionState.LIVE
        if self._is_live and not was_live:
            self.visits.to_void.set()
        self._prints.seen.set()
        self._publish()

    def _link(self) -> SessionState:
        if self._follower is not None:
            return self._follower.state
        waited_s = asyncio.get_running_loop().time() - self._begun_s
        return SessionState.CONNECTING if waited_s < SessionTimes().offline_s else SessionState.OFFLINE

    def _since(self, link: SessionState) -> str | None:
        """The moment at which the hall was last known as it is; None while it is known."""
        if link is SessionState.LIVE:
            return None
        age_s = self._follower.age_s if self._follower is not None else None
        since = self._begun_at if age_s is None else self._clock() - timedelta(seconds=age_s)
        return since.replace(microsecond=0).isoformat()

    def _refusal(self) -> int | None:
        return self._refused or (self._follower.refused if self._follower is not None else None)

    async def _look_at_clock(self) -> None:
        """What is told may change because nothing happens: a core that never answers."""
        while self._follower is None:
            await asyncio.sleep(1)
            self._publish()

    async def _look_at_branches(self) -> None:
        """Hours and other branches: now and then, and when the doors of this one open or close."""
        while True:
            self._turned.clear()
            branch_id = self._branch_id()
            if branch_id is not None:
                branch, branches = await self._core.branch(branch_id), await self._core.branches()
                if branch is not None and branch.is_success:
                    self._branch = branch.body
                if branches is not None and branches.is_success:
                    self._others = [
                        {"name": other["name"], "address": other["address"]}
                        for other in branches.body["branches"]
                        if other["id"] != branch_id and other["numbers"]
                    ][:OTHERS_MAX]
                self._publish()
            is_known = self._branch is not None
            await set_or_after(self._turned, self._settings.branches_s if is_known else ASK_AGAIN_S)

    def _hours_today(self) -> dict[str, Any] | None:
        """Local times of today; None where the branch does not open today, or nobody knows."""
        if self._branch is None or self._board is None:
            return None
        business_on = self._board["branch"]["business_on"]
        exceptions = {opening["day"]: opening for opening in self._branch["exceptions"]}
        weekday = str(date.fromisoformat(business_on).isoweekday())
        week = {opening["day"]: opening for opening in self._branch["hours"]}
        opening: dict[str, Any] | None = exceptions.get(business_on, week.get(weekday))
        return None if opening is None or opening["numbers_from"] is None else opening

    # The printer

    async def _print(self, ticket: Ticket, is_copy: bool) -> Printed:
        """Put one ticket on paper, after whatever is being printed; raises `PrintFailed`."""
        if self._board is None:
            raise PrintFailed(Fault.FAILED, 0)  # this kiosk has become another branch's meanwhile
        paper = paper_ticket(ticket, self._board, is_copy=is_copy)
        try:
            printed = await self._printer.print(paper)
        except PrintFailed as failure:
            _log.warning("print.failed", fault=failure.fault, bytes_sent=failure.bytes_sent)
            self._printer_is(failure.fault)
            raise
        self._keep_picture(ticket["id"])
        self._printer_is(printed.fault)
        return printed

    def _keep_picture(self, ticket_id: str) -> None:
        """Only a virtual printer shows what came out. The name is new each time, lest a browser show an older one."""
        picture = self._printer.virtual.latest if self._printer.virtual is not None else None
        if picture is not None:
            self._pictures.pop(ticket_id, None)
            self._pictures[ticket_id] = picture
            self._newest_picture = secrets.token_hex(8)
            while len(self._pictures) > PICTURES_MAX:
                del self._pictures[next(iter(self._pictures))]

    async def _look_at_printer(self) -> None:
        while True:
            if not self.visits.is_busy:
                self._printer_is(await self._printer.status())
            await asyncio.sleep(self._settings.printer_look_s)

    def _printer_is(self, fault: Fault | None) -> None:
        if fault is not self._fault:
            self._fault = fault
            self._to_tell.set()
            self._publish()

    async def _tell_printer(self) -> None:
        """The core learns of each fault and of its end; of one that lasts, again and again."""
        told: Fault | str | None = "unknown"
        while True:
            self._to_tell.clear()
            fault, branch = self._fault, self._branch_id()
            if branch is not None and (fault is not None or fault is not told):
                answer = await self._core.printer(branch, fault)
                told = fault if answer is not None and answer.is_success else "unknown"
            is_told = told is self._fault
            pause_s = self._settings.printer_tell_s if is_told else self._settings.retry_s_max
            await set_or_after(self._to_tell, pause_s)

    def _next_print(self) -> str | None:
        """The first of what greeters want printed here."""
        if self._board is None or not self._board["prints"] or self._link() is not SessionState.LIVE:
            return None
        print_id: str = self._board["prints"][0]["id"]
        return print_id

    def _is_printer_free(self) -> bool:
        return self._fault in (None, Fault.NEAR_END) and not self.visits.is_busy


def _doors(board: dict[str, Any] | None) -> tuple[Any, ...] | None:
    """What changes when the branch opens or closes."""
    return None if board is None else (board["branch"]["numbers"], board["branch"]["business_on"])
