"""The demo against a real core: it lives, stays bounded, yields to people, and gets over cuts."""

import asyncio
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import httpx
import pytest

from queue_service.simulate.demo import greeter, hall, kiosk, play, teller
from queue_service.simulate.demo.hall import Hall
from queue_service.simulate.visitors import Habits
from tests.core import Core

WAIT_S_MAX = 60
SPEED = 120


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is paced for people's eyes goes faster, and what is rare happens often."""
    for module, name, value in (
        (hall, "LOOK_S", 0.2),
        (greeter, "LOOK_S", 0.2),
        (teller, "LOOK_S", 0.2),
        (teller, "ARRIVE_S_MAX", 0.1),
        (teller, "LOOK_UP_S", 0.05),
        (teller, "COME_S", (0.05, 0.1)),
        (teller, "RECALL_S", 0.05),
        (teller, "BREAK_EVERY_S", (400, 1200)),
        (greeter, "ALERT_S", 0.5),
        (greeter, "CONFIRM_S", 0.5),
        (greeter, "GONE_S", 120),
        (kiosk, "HELP_CHANCE", 0.1),
        (
            hall,
            "HABITS",
            Habits(
                patience_minutes_mean=20,
                claim_chance=0.4,
                two_legs_chance=0.2,
                no_show_chance=0.3,
                return_chance=1,
                wrong_number_chance=0.2,
                fetch_chance=0.2,
            ),
        ),
    ):
        monkeypatch.setattr(module, name, value)


def board(core: Core) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{core.hall}/board").json()
    return told


def windows(core: Core) -> dict[int, str]:
    return {window["number"]: window["state"] for window in board(core)["windows"]}


async def until(holds: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + WAIT_S_MAX
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline_s, "did not happen in time"
        await asyncio.sleep(0.2)


def access(core: Core) -> dict[str, Any]:
    return {**core.access, "base_url": core.base_url}


def playing(core: Core, scene: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a scene while the demo plays; the scene may set the event that stops it."""

    async def run() -> None:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(play(access(core), stop=stop, seed=1, speed=SPEED))
            await scene(stop)
            stop.set()

    asyncio.run(run())


def kinds(core: Core) -> Counter[str]:
    """How often each kind of command was accepted, by the journal."""
    path = core.settings.data_dir / "journal.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        return Counter(dict(journal.execute("SELECT kind, count(*) FROM entries GROUP BY kind")))


def test_every_part_is_played_and_the_hall_stays_bounded(core_sqlite: Core) -> None:
    core = core_sqlite
    wanted = {
        "ticket.call_next", "ticket.recall", "ticket.start", "ticket.finish", "ticket.miss", "ticket.park",
        "ticket.resume", "ticket.transfer", "ticket.reinstate", "ticket.cancel", "ticket.change_class", "window.pause",
        "help.ask", "alert.take",
    }  # fmt: skip
    waiting: list[int] = []

    def is_all_seen() -> bool:
        waiting.append(sum(service["waiting"] for service in board(core)["services"]))
        return wanted <= kinds(core).keys() and len(waiting) > 30

    async def scene(stop: asyncio.Event) -> None:
        await until(is_all_seen)

    playing(core, scene)
    last = max(member["window"] for member in core.staff("teller"))
    assert 0 < max(waiting) <= kiosk.SERVICE_WAITING_MAX * len(windows(core))
    assert set(windows(core).values()) == {"closed"}, "tellers close their windows when the demo stops"
    with core.client(core.staff("manager")[0]) as client:
        assert last not in {ticket["window"] for ticket in client.get("/floor").json()["tickets"]}


@pytest.mark.parametrize("state", ["busy", "paused"])
def test_a_person_who_takes_a_window_keeps_it(core_sqlite: Core, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_sqlite
    if state == "paused":
        monkeypatch.setattr(teller, "BREAK_EVERY_S", (60, 120))
        monkeypatch.setattr(teller, "BREAK_S", (360, 360))
    member = min(core.staff("teller"), key=lambda member: member["window"])
    path = f"/windows/{member['window']}"

    async def scene(stop: asyncio.Event) -> None:
        with core.client(member) as person:
            await until(lambda: windows(core)[member["window"]] == state)
            assert person.post(f"{path}/open", json={"takeover": True}).status_code == 200
            await asyncio.sleep(4)
            answer = person.post(f"{path}/pause", json={"reason": "break"})
            assert answer.status_code == 200, "the window is still the person's"
            await asyncio.sleep(2)
            assert windows(core)[member["window"]] == "paused"

    playing(core, scene)
    assert windows(core)[member["window"]] == "paused", "a window that is a person's is not closed either"


def test_goes_on_after_the_core_was_killed(core_sqlite: Core) -> None:
    core = core_sqlite

    async def scene(stop: asyncio.Event) -> None:
        await until(lambda: kinds(core)["ticket.finish"] > 3)
        await asyncio.to_thread(core.stop, signal.SIGKILL)
        before = kinds(core)
        await asyncio.sleep(1)
        await asyncio.to_thread(core.start)
        await until(lambda: kinds(core)["ticket.finish"] > before["ticket.finish"] + 3)
        await until(lambda: kinds(core)["ticket.issue"] > before["ticket.issue"] + 3)

    playing(core, scene)


def test_ends_when_cancelled_and_closes_the_windows(core_sqlite: Core) -> None:
    core = core_sqlite

    async def run() -> None:
        task = asyncio.create_task(play(access(core), stop=asyncio.Event(), seed=1, speed=SPEED))
        await until(lambda: kinds(core)["ticket.start"] > 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert set(windows(core).values()) == {"closed"}


def a_hall(waiting: dict[str, int]) -> Hall:
    """A hall with a window for each service, as far as the kiosk looks at it."""
    here = Hall("branch", dict.fromkeys(waiting, 6), speed=10)
    here.floor = {
        "branch": {"time_zone": "UTC"},
        "services": [
            {"id": service, "prefix": "A", "name": {}, "asks_class": [], "open": True, "waiting": count}
            for service, count in waiting.items()
        ],
        "windows": [
            {"number": number, "state": "open", "services": [service]} for number, service in enumerate(waiting, 1)
        ],
        "tickets": [{"id": "x", "status": "waiting"}] * sum(waiting.values()),
    }
    return here


@pytest.mark.parametrize(("count", "crowd"), [(0, 3), (1, 1), (2, 1), (3, 0.4), (5, 0.4), (6, 0)])
def test_visitors_come_by_how_many_wait(count: int, crowd: float) -> None:
    async def run() -> None:
        here = a_hall({"cash": count, "cards": count})
        draw = here.draw()
        assert draw is not None
        assert kiosk.come_per_s(here, draw) == pytest.approx(crowd * kiosk.LOAD * 20 / 3600 * 10)

    asyncio.run(run())


def test_nobody_comes_for_what_too_many_wait_for() -> None:
    async def run() -> None:
        here = a_hall({"cash": kiosk.SERVICE_WAITING_MAX, "cards": 0})
        draw = kiosk.bearable(here, here.draw())
        assert draw is not None and draw.windows == {2: ("cards",)}
        full = a_hall({"cash": kiosk.SERVICE_WAITING_MAX})
        assert kiosk.bearable(full, full.draw()) is None

    asyncio.run(run())
