"""A hall in the middle of a morning, made by its own people through the core's own routes, for pictures.

The core's clock is set back and moved on by hand, so that waits of many minutes take none.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random  # noqa: TID251 seeded
from typing import Any

import httpx

from queue_service.app import create_app
from queue_service.infra.push import Sockets
from tests.core import Core

MORNING = timedelta(minutes=80)
STEP = timedelta(seconds=30)
COMES_AFTER = timedelta(seconds=60)
ARRIVALS_A_MINUTE = {"personal-cash": 0.5, "accounts": 0.2, "corporate": 0.09, "fast": 0.3, "wealth": 0.06}
MINUTES = {"personal-cash": 6, "accounts": 13, "corporate": 12, "foreign-exchange": 12, "fast": 3, "wealth": 18}
STAFFED = (1, 2, 3, 4, 5, 7, 8)
CLASSES = ("normal",) * 8 + ("priority", "vip")


@dataclass
class _Window:
    number: int
    client: httpx.AsyncClient
    ticket: dict[str, Any] | None = None
    next_at: datetime = field(default=datetime.min.replace(tzinfo=UTC))


@dataclass
class Morning:
    """The hall while it is made: `now` is the core's clock."""

    core: Core
    now: datetime
    chance: Random
    kiosk: httpx.AsyncClient
    greeter: httpx.AsyncClient
    windows: list[_Window]

    async def pass_by(self, until: datetime) -> None:
        """People come, are called, served, and go."""
        while self.now < until:
            self.now += STEP
            for service, a_minute in ARRIVALS_A_MINUTE.items():
                if self.chance.random() < a_minute * STEP.total_seconds() / 60:
                    await self.issue(service)
            for window in self.windows:
                if self.now >= window.next_at:
                    await self._serve(window)

    async def issue(self, service: str, **more: Any) -> dict[str, Any]:
        """A number at the kiosk."""
        asks_class = service in ("personal-cash", "accounts")
        visitor_class = self.chance.choice(CLASSES) if asks_class else "normal"
        language = "en" if self.chance.random() < 0.15 else "zh-CN"
        asked = {"service": service, "class": visitor_class, "language": language, **more}
        return await _said(self.kiosk, "/tickets", asked)

    async def _serve(self, window: _Window) -> None:
        at = f"/windows/{window.number}"
        if window.ticket is None:
            window.ticket = (await _said(window.client, f"{at}/call-next"))["ticket"]
            window.next_at = self.now + COMES_AFTER
        elif window.ticket["status"] == "called":
            if self.chance.random() < 0.04:
                await _said(window.client, f"{at}/miss")
                window.ticket = None
                return
            window.ticket = (await _said(window.client, f"{at}/start"))["ticket"]
            took = MINUTES[window.ticket["service"]] * self.chance.uniform(0.6, 1.5)
            window.next_at = self.now + timedelta(minutes=took)
        else:
            await _said(window.client, f"{at}/finish")
            window.ticket = None


async def a_morning(core: Core) -> None:
    """Fill the branch of a core that is not running; its last minute is the present one."""
    async with _morning(core) as morning:
        for window in morning.windows:
            await _said(window.client, f"/windows/{window.number}/open")
        await morning.pass_by(morning.now + MORNING - timedelta(minutes=2))
        away = morning.windows.pop(3)
        await _said(away.client, f"/windows/{away.number}/pause", {"reason": "break", "after_current": True})
        await morning.pass_by(morning.now + timedelta(minutes=2))
        await _said(morning.kiosk, "/help")


@asynccontextmanager
async def _morning(core: Core) -> AsyncIterator[Morning]:
    morning: Morning | None = None
    begins_at = datetime.now(UTC) - MORNING  # noqa: TID251

    def clock() -> datetime:
        return begins_at if morning is None else morning.now

    app = create_app(core.settings, Sockets(core.settings), clock=clock)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))

        async def client(member: dict[str, Any] | None = None) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
            made = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=core.hall))
            if member is not None:
                account = {name: member[name] for name in ("username", "password")}
                await _said(made, f"{core.api}/session", account)
            return made

        kiosk = await client()
        kiosk.headers.update(core.device())
        tellers = {member["window"]: member for member in core.staff("teller")}
        windows = [_Window(number, await client(tellers[number])) for number in STAFFED]
        greeter = await client(core.staff("greeter")[0])
        morning = Morning(core, begins_at, Random(8), kiosk, greeter, windows)
        yield morning


async def _said(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told
