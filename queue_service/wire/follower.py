"""Drives a `Session` over real sockets: the one way in which the edge clients follow the core."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from queue_service.wire.session import Session, SessionState, SessionTimes, Step, ViewMessage

LOOK_S: Final = 0.5
"""Between two looks at whether the data has become old; nothing arrives to say that nothing arrives."""
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
CLOSE_S_MAX: Final = 2
_REFUSED_STATUS = range(400, 500)
_REFUSED_CODES = range(4400, 4500)


class Follower:
    """Follows one live view of the core, for ever; says when the view or what may be said about it has changed."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        chance: Callable[[], float],
        on_change: Callable[[], None],
        times: SessionTimes | None = None,
    ) -> None:
        """`url`: `ws://` or `wss://`. `on_change` is called in the loop and must not raise or wait."""
        self._url = url
        self._headers = dict(headers)
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._session = Session(now_s=self._loop.time(), chance=chance, times=times)
        self._told: SessionState | None = None
        self.refused: int | None = None
        """The HTTP status or close code by which the core last refused this client; None since it served it."""

    @property
    def view(self) -> ViewMessage | None:
        """The newest view ever received; None before the first."""
        return self._session.view

    @property
    def state(self) -> SessionState:
        """What may be said about the view now."""
        return self._session.state(self._loop.time())

    @property
    def age_s(self) -> float | None:
        """How long ago the view was known to be the newest; None without a view."""
        return self._session.age_s(self._loop.time())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            match self._session.step(self._loop.time()):
                case Step.CONNECT:
                    await self._connection()
                case Step.WAIT | Step.DROP:
                    self._look()
                    await asyncio.sleep(min(LOOK_S, self._session.wait_s(self._loop.time())))

    async def _connection(self) -> None:
        """One socket, from its opening to its end."""
        opening = asyncio.ensure_future(self._open())
        try:
            while not opening.done():
                if self._session.step(self._loop.time()) is Step.DROP:
                    return
                await asyncio.wait([opening], timeout=min(LOOK_S, self._session.wait_s(self._loop.time())))
                self._look()
            socket = opening.result()
        finally:
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening
        if socket is None:
            return
        self._session.opened(self._loop.time())
        try:
            await self._read(socket)
        finally:
            with suppress(WebSocketException, OSError):
                await socket.close()
            self._look()

    async def _open(self) -> ClientConnection | None:
        try:
            return await connect(
                self._url,
                additional_headers=self._headers,
                max_size=MESSAGE_BYTES_MAX,
                ping_interval=None,  # fresh data is the sign of life
                close_timeout=CLOSE_S_MAX,
                open_timeout=None,
                compression=None,
                proxy=None,
            ).__aenter__()
        except InvalidStatus as refusal:
            self._lost(refusal.response.status_code, _REFUSED_STATUS)
        except (WebSocketException, OSError, EOFError):
            self._lost(None, _REFUSED_STATUS)
        return None

    async def _read(self, socket: ClientConnection) -> None:
        receiving = asyncio.ensure_future(socket.recv())
        try:
            while self._session.step(self._loop.time()) is not Step.DROP:
                timeout_s = min(LOOK_S, self._session.wait_s(self._loop.time()))
                done, _ = await asyncio.wait([receiving], timeout=timeout_s)
                if not done:
                    self._look()
                    continue
                try:
                    message = receiving.result()
                except (WebSocketException, OSError):
                    self._lost(socket.close_code, _REFUSED_CODES)
                    return
                receiving = asyncio.ensure_future(socket.recv())
                is_new = self._session.received(message, self._loop.time()) is not None
                self.refused = None
                self._look(is_new=is_new)
        finally:
            receiving.cancel()
            with suppress(asyncio.CancelledError, WebSocketException, OSError):
                await receiving

    def _lost(self, code: int | None, refusals: range) -> None:
        is_refused = code is not None and code in refusals
        self.refused = code if is_refused else None
        self._session.lost(self._loop.time(), is_refused=is_refused)
        self._look()

    def _look(self, *, is_new: bool = False) -> None:
        state = self.state
        if is_new or state is not self._told:
            self._told = state
            self._on_change()


def live_url(core_url: str, path: str) -> str:
    """The address of a socket of the core, from its base address."""
    return core_url.rstrip("/").replace("http", "ws", 1) + path
