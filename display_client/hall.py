"""Follows the hall's board and tells it to the pages, with how it stands with the core."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from display_client.settings import Settings
from queue_service.wire.clock import Clock
from queue_service.wire.edge.device import core_client, devices
from queue_service.wire.follower import Follower, live_url
from queue_service.wire.relay import Relay
from queue_service.wire.session import SessionState, SessionTimes

RETRY_S_MAX: Final = 3
"""Longest pause between two tries to reach the core: a board is right again soon after the core is back."""


class Hall:
    """The newest board of the branch, for every screen of this process."""

    def __init__(
        self,
        settings: Settings,
        relay: Relay,
        *,
        token: str,
        clock: Clock,
        chance: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._relay = relay
        self._token = token
        self._clock = clock
        self._chance = chance
        self._started_at = clock()
        self._follower: Follower | None = None
        self._refused: int | None = None
        self._tell()

    @property
    def link(self) -> SessionState:
        """How it stands with the core; CONNECTING also while the branch is not known."""
        return SessionState.CONNECTING if self._follower is None else self._follower.state

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks, aclosing(self._branches()) as branches:
            following: asyncio.Task[None] | None = None
            async for branch in branches:
                if following is not None:
                    following.cancel()
                following = tasks.create_task(self._follow(branch))

    async def _branches(self) -> AsyncGenerator[str, None]:
        """The branch to show, and each one that it is instead from then on."""
        if self._settings.branch is not None:
            yield self._settings.branch
            return
        branch: str | None = None
        async with (
            core_client(self._settings, self._token) as client,
            aclosing(devices(client, self._settings.data_dir, on_refusal=self._be_refused)) as known,
        ):
            async for device in known:
                if device.branch != branch:
                    branch = device.branch
                    yield branch

    def _be_refused(self, status: int | None) -> None:
        self._refused = status
        self._tell()

    async def _follow(self, branch: str) -> None:
        path = f"/api/v1/branches/{quote(branch, safe='')}/live?view=board"
        self._follower = Follower(
            live_url(self._settings.core_url, path),
            headers={"Authorization": f"Bearer {self._token}"},
            chance=self._chance,
            on_change=self._tell,
            times=SessionTimes(retry_s_max=RETRY_S_MAX),
        )
        await self._follower.run()

    def _tell(self) -> None:
        """What the pages get: the board as the core sent it, null before the first."""
        view = None if self._follower is None else self._follower.view
        self._relay.publish(
            {
                "board": None if view is None else view.data,
                "link": self._link(),
                "settings": {
                    "languages": self._settings.languages,
                    "notice_s": self._settings.notice_s,
                    "shown_s_min": self._settings.shown_s_min,
                    "volume": self._settings.volume,
                },
            }
        )

    def _link(self) -> dict[str, Any]:
        """`since`: up to when the board was true, or since when there is none; null while it is true.

        `refused`: the core does not want this device, which somebody has to repair there.
        """
        follower = self._follower
        if follower is None:
            return {"state": SessionState.CONNECTING, "since": self._started_at, "refused": self._refused is not None}
        state, age_s = follower.state, follower.age_s
        since: datetime | None = self._started_at if age_s is None else self._clock() - timedelta(seconds=age_s)
        if state is SessionState.LIVE:
            since = None
        return {"state": state, "since": since, "refused": follower.refused is not None}
