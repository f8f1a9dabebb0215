"""The demo's visitors at the kiosk: they come as fast as the hall can bear, and for what it can bear."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from math import inf
from random import Random

from queue_service.simulate.demo.caller import Caller
from queue_service.simulate.demo.hall import Hall, Visit
from queue_service.simulate.visitors import Draw
from queue_service.wire.clock import system_clock

LOAD = 0.95
"""Visitors who come, as part of what the open windows can serve."""
QUIET_PER_WINDOW = 1
"""With fewer waiting per open window visitors come faster."""
CROWDED_PER_WINDOW = 3
"""With more waiting per open window visitors come slower; with twice as many nobody comes."""
SERVICE_WAITING_MAX = 5
"""Nobody comes for a service for which so many wait per window that serves it."""
FIRST_PER_WINDOW = 2
"""Visitors per window who are there when the demo begins."""
FIRST_PAUSE_S = 0.15
COME_PAUSE_S_MAX = 20
HELP_CHANCE = 0.01
"""A visitor asks for help at the kiosk, too."""


async def come(hall: Hall, kiosk: Caller, opening: Collection[int], random: Random) -> None:
    """Visitors take numbers until cancelled; the first of them while the windows `opening` are just being opened."""
    await hall.seen()
    while (draw := hall.draw(opening)) is None:
        await hall.next_look()
    for _ in range(FIRST_PER_WINDOW * len(draw.windows) - _waiting(hall)):
        await _take_number(hall, kiosk, draw, random)
        await asyncio.sleep(FIRST_PAUSE_S)
    while True:
        draw = bearable(hall, hall.draw())
        per_s = come_per_s(hall, draw) if draw is not None else 0
        if draw is None or per_s == 0:
            await hall.next_look()
            continue
        await asyncio.sleep(min(random.expovariate(per_s), COME_PAUSE_S_MAX))
        await _take_number(hall, kiosk, draw, random)
        if random.random() < HELP_CHANCE:
            await kiosk.do("POST", f"{hall.path}/help")


def come_per_s(hall: Hall, draw: Draw) -> float:
    """Visitors a second, by what the windows can serve and by how many wait."""
    per_window = _waiting(hall) / len(draw.windows)
    if per_window >= 2 * CROWDED_PER_WINDOW:
        return 0
    crowd = 0.4 if per_window >= CROWDED_PER_WINDOW else 3 if per_window < QUIET_PER_WINDOW else 1
    return crowd * LOAD * sum(draw.capacity_per_h().values()) / 3600 * hall.speed


def bearable(hall: Hall, draw: Draw | None) -> Draw | None:
    """The services for which not too many wait; None: none."""
    if draw is None:
        return None
    waiting = {service["id"]: service["waiting"] for service in hall.floor["services"]}
    serving = {service: sum(service in served for served in draw.windows.values()) for service in draw.services}
    windows = {
        number: tuple(service for service in served if waiting[service] < SERVICE_WAITING_MAX * serving[service])
        for number, served in draw.windows.items()
    }
    windows = {number: served for number, served in windows.items() if served}
    return replace(draw, windows=windows) if windows else None


async def _take_number(hall: Hall, kiosk: Caller, draw: Draw, random: Random) -> None:
    visitor = draw.visitor(system_clock(), random)
    body = {"legs": list(visitor.legs), "class": visitor.visitor_class, "language": visitor.language}
    answer = await kiosk.do("POST", f"{hall.path}/tickets", body)
    if answer.code is None:
        patience_s = visitor.patience_s if visitor.patience_s is not None else inf
        leaves_at_s = hall.now_s() + patience_s / hall.speed
        visit = Visit(visitor=visitor, token=answer.body["token"], leaves_at_s=leaves_at_s)
        hall.visits[answer.body["id"]] = visit


def _waiting(hall: Hall) -> int:
    return sum(ticket["status"] == "waiting" for ticket in hall.floor["tickets"])
