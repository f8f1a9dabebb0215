"""What greeters want printed here: one after another is taken and put on paper, or a greeter learns that it is not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from kiosk_client.core import Core
from kiosk_client.printing.printer import PrintFailed
from kiosk_client.settings import Settings
from kiosk_client.visits import PrintTicket, Ticket
from kiosk_client.waits import set_or_after

TRIES_MAX: Final = 3
"""So often a taken ticket is put on paper."""
READY_S_MAX: Final = 300
"""So long a taken ticket waits for a printer without a fault, in seconds; later it is of no use to anybody."""

_log = structlog.get_logger()


class Prints:
    """The prints of one kiosk, while no visitor waits for the own paper."""

    def __init__(
        self,
        *,
        settings: Settings,
        core: Core,
        branch: Callable[[], str | None],
        next_print: Callable[[], str | None],
        is_ready: Callable[[], bool],
        print_ticket: PrintTicket,
        call_greeter: Callable[[], Awaitable[object]],
    ) -> None:
        """`next_print`: the id of what is to be taken next, while the hall is known as it is."""
        self._settings = settings
        self._core = core
        self._branch = branch
        self._next_print = next_print
        self._is_ready = is_ready
        self._print = print_ticket
        self._call_greeter = call_greeter
        self.seen = asyncio.Event()
        """Set whenever the hall has changed."""

    async def run(self) -> None:
        """For ever."""
        while True:
            self.seen.clear()
            print_id = self._next_print()
            if print_id is not None and self._is_ready():
                await self._serve(print_id)
            await set_or_after(self.seen, self._settings.printer_look_s)

    async def _serve(self, print_id: str) -> None:
        taken = await self._taken(print_id)
        if taken is not None and not await self._is_on_paper(taken["ticket"], is_copy=taken["copy"]):
            _log.warning("print.given_up")
            await self._call_greeter()

    async def _taken(self, print_id: str) -> dict[str, Any] | None:
        """Asked until it is answered, for a lost answer has taken it too; None where it is gone."""
        while True:
            branch = self._branch()
            answer = await self._core.take(branch, print_id) if branch is not None else None
            if answer is not None:
                break
            await asyncio.sleep(self._settings.retry_s_max)
        if not answer.is_success:
            _log.warning("print.not_taken", status=answer.status)
            return None
        return answer.body

    async def _is_on_paper(self, ticket: Ticket, *, is_copy: bool) -> bool:
        """Once the printer can; as a copy after a try of which something may have come out."""
        loop = asyncio.get_running_loop()
        until_s, tries = loop.time() + READY_S_MAX, 0
        while tries < TRIES_MAX and loop.time() < until_s:
            if not self._is_ready():
                await asyncio.sleep(self._settings.printer_look_s)
                continue
            tries += 1
            try:
                await self._print(ticket, is_copy)
            except PrintFailed as failure:
                is_copy = is_copy or failure.bytes_sent > 0
            else:
                return True
        return False
