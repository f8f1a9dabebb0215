"""A hall that lives: simulated visitors and staff against a running core, through its public contract only.

They use the kiosk's token and the staff's accounts of `access.json` as people and devices do, some times faster than
life. The teller of the last window is not simulated: that window is for people, and so is every window that a person
takes over.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from random import Random
from typing import Any

from queue_service.catalog import files
from queue_service.simulate.demo.caller import Caller
from queue_service.simulate.demo.greeter import greet
from queue_service.simulate.demo.hall import Hall
from queue_service.simulate.demo.kiosk import come
from queue_service.simulate.demo.teller import Teller
from queue_service.wire.clock import system_clock

SPEED = 8
"""A service of six minutes takes 45 seconds: quick enough to see the hall move, slow enough to follow."""
TEST_KIOSK = "test"
"""Name of the spare kiosk, which is left alone."""


async def play(access: Mapping[str, Any], *, stop: asyncio.Event, seed: int = 1, speed: float = SPEED) -> None:
    """Play one hall until `stop` is set or the task is cancelled; the tellers then close their windows.

    `access` has `base_url`, `branch`, `staff` and `devices` as in `access.json`; `speed` is how many times faster than
    life visitors come and are served.
    """
    branch = access["branch"]
    hall = Hall(branch, _minutes(branch), speed)
    async with AsyncExitStack() as connections:
        tls = ssl.create_default_context()

        async def caller(*, token: str | None = None, account: tuple[str, str] | None = None) -> Caller:
            return await connections.enter_async_context(Caller(access["base_url"], tls, token=token, account=account))

        kiosk = next(
            device for device in access["devices"] if device["kind"] == "kiosk" and device["name"] != TEST_KIOSK
        )
        greeter = next(member for member in access["staff"] if member["role"] == "greeter")
        tellers = sorted((member for member in access["staff"] if "window" in member), key=lambda of: of["window"])
        working = [
            Teller(hall, await caller(account=_account(member)), member["window"], Random(f"{seed} {member['window']}"))
            for member in tellers[:-1]
        ]
        acts = (
            greet(hall, await caller(account=_account(greeter))),
            come(
                hall,
                await caller(token=kiosk["token"]),
                [member["window"] for member in tellers[:-1]],
                Random(f"{seed} visitors"),
            ),
            *(teller.work() for teller in working),
        )
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(act) for act in acts]
                await stop.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await asyncio.gather(*(teller.leave() for teller in working))


def _account(member: Mapping[str, Any]) -> tuple[str, str]:
    return member["username"], member["password"]


def _minutes(branch: str) -> dict[str, float]:
    """Minutes per service where the branch is one of the sample halls; the contract does not tell them."""
    return {
        service.id: service.minutes
        for terms in files.samples(system_clock())
        if terms.branch_id == branch
        for service in terms.services
    }
