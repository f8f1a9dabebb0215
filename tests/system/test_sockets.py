"""The live sockets of the real core: everybody sees the newest view, every call, and nobody waits for anybody."""

import asyncio
import json
import random  # noqa: TID251 a seeded one: the same storm each time
import shutil
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from queue_service.infra.problems import MEDIA_TYPE
from queue_service.wire import messages
from tests.core import Core, free_port, running
from tests.infra.serving import HANDSHAKE
from tests.system.callers import Headers, device, staff
from tests.system.speaking import exact, exact_view

FOLD_S, HEARTBEAT_S, STALL_S = 1, 1, 2
COMMANDS, LIVE, FROZEN, CALLS = 300, 20, 3, 15
SLOWER_MAX = 4
"""Bound of the ratio of two medians that ought to be equal: the machine is shared and noisy."""
CALLING = ("call-next", "recall", "call", "resume")
"""Not walk-in: that visitor is at the window already."""


@pytest.fixture(scope="module")
def core(stage_sqlite: Core, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """A core that folds long, is impatient, and tells often that it lives."""
    data_dir = tmp_path_factory.mktemp("sockets") / "core"
    shutil.copytree(stage_sqlite.settings.data_dir, data_dir)
    port = free_port()
    settings = stage_sqlite.settings.model_copy(
        update={"data_dir": data_dir, "port": port, "base_url": f"http://127.0.0.1:{port}"}
    )
    more = {"LIVE_FOLD_S": FOLD_S, "LIVE_HEARTBEAT_S": HEARTBEAT_S, "SOCKET_STALL_S": STALL_S}
    with running(
        Core(settings, stage_sqlite.access, more={f"QUEUE_{name}": str(value) for name, value in more.items()})
    ) as core:
        yield core


@pytest.fixture(scope="module")
def manager(core: Core) -> Headers:
    return staff(core, "manager")


@pytest.fixture(scope="module")
def teller(core: Core) -> Headers:
    return staff(core, "teller")


class Screen:
    """A socket with all that it was told, and when."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.views: list[dict[str, Any]] = []
        self.beats: list[dict[str, Any]] = []
        self.told_at: list[float] = []
        self._task = asyncio.create_task(self._listen())

    @property
    def view(self) -> dict[str, Any]:
        return self.views[-1]

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.view["data"]
        return data

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.connection:
                message = json.loads(text)
                if message["type"] == "view":
                    self.views.append(message)
                    self.told_at.append(time.perf_counter())
                else:
                    self.beats.append(message)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


class Hall:
    """The branch, by socket and by request."""

    def __init__(self, core: Core, client: httpx.AsyncClient, people: dict[str, Headers]) -> None:
        self.core = core
        self._client = client
        self.people = people

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self._client.get(path, headers=self.people["manager"])
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def post(self, path: str, body: Any = None, who: str = "manager") -> httpx.Response:
        return await self._client.post(path, json=body, headers=self.people[who])

    async def issue(self, service: str = "personal-cash") -> dict[str, Any]:
        answer = await self.post("/tickets", {"service": service}, "kiosk")
        assert answer.status_code == 201, answer.text
        ticket: dict[str, Any] = answer.json()
        return ticket

    @asynccontextmanager
    async def screen(self, query: str = "", *, path: str | None = None, who: str = "nobody") -> AsyncIterator[Screen]:
        url = (path or f"{self.core.hall}/live?{query}").replace("http", "ws", 1)
        async with connect(url, additional_headers=self.people.get(who, {}), proxy=None) as connection:
            screen = Screen(connection)
            try:
                await until(lambda: screen.views)
                yield screen
            finally:
                await screen.end()

    def ticket_path(self, ticket: dict[str, Any]) -> str:
        return f"{self.core.api}/tickets/{ticket['token']}"


@pytest.fixture
async def hall(core: Core, manager: Headers, teller: Headers) -> AsyncIterator[Hall]:
    """The branch with all windows open and idle, and nobody waiting."""
    people = {"manager": manager, "teller": teller, "kiosk": device(core, "kiosk")}
    async with httpx.AsyncClient(base_url=core.hall, timeout=30, verify=False) as client:
        hall = Hall(core, client, people)
        for window in (await hall.get("/floor"))["windows"]:
            if window["ticket"] is not None:
                await hall.post(f"/windows/{window['number']}/start")
                await hall.post(f"/windows/{window['number']}/finish")
            await hall.post(f"/windows/{window['number']}/open", {"takeover": True})
        for ticket in (await hall.get("/floor"))["tickets"]:
            await hall.post(f"/tickets/{ticket['id']}/cancel")
        yield hall


async def until(condition: Callable[[], object], wait_s_max: float = 15) -> None:
    async with asyncio.timeout(wait_s_max):
        while not condition():  # noqa: ASYNC110 what is waited for comes over real sockets
            await asyncio.sleep(0.005)


async def test_every_view_now_and_each_newer_one(hall: Hall) -> None:
    ticket = await hall.issue()
    async with (
        hall.screen() as board,
        hall.screen("view=floor", who="teller") as floor,
        hall.screen("view=window&window=1", who="teller") as window,
        hall.screen(path=hall.ticket_path(ticket) + "/live") as visitor,
    ):
        assert board.data == await hall.get("/board")
        assert floor.data == await hall.get("/floor")
        assert visitor.data == await hall.get(hall.ticket_path(ticket))
        assert [one["id"] for one in window.data["waiting"]] == [ticket["id"]]
        assert (await hall.post("/windows/1/call-next")).json()["ticket"]["id"] == ticket["id"]
        await until(lambda: visitor.data["status"] == "called" and window.data["ticket"] is not None)
        await until(lambda: board.data["calls"][0]["label"] == ticket["label"])
        await until(lambda: floor.data["tickets"][0]["status"] == "called")
        for screen, name in ((board, "board"), (floor, "floor"), (window, "window"), (visitor, "ticket")):
            assert {view["view"] for view in screen.views} == {name}
            for view in screen.views:
                exact_view(view)
            revs = [view["rev"] for view in screen.views]
            assert revs == sorted(set(revs))
        assert len({screen.view["epoch"] for screen in (board, floor, window, visitor)}) == 1


async def test_after_a_storm_all_is_seen_and_every_call_once_in_order(hall: Hall) -> None:
    chance = random.Random(7311)
    ticket = await hall.issue()
    async with (
        hall.screen() as board,
        hall.screen("view=floor", who="teller") as floor,
        hall.screen("view=window&window=1", who="teller") as window,
        hall.screen(path=hall.ticket_path(ticket) + "/live") as visitor,
    ):
        before = {call["id"] for call in board.views[0]["data"]["calls"]}
        called = []
        for _ in range(COMMANDS):
            verb, answer = await _command(hall, chance)
            assert answer.status_code in {200, 201, 409}, answer.text
            told = answer.json().get("ticket")
            if verb in CALLING and answer.status_code == 200 and told is not None:
                called.append((told["label"], told["window"], told["calls"]))
        assert len(called) > COMMANDS / 20
        fresh = {
            board: await hall.get("/board"),
            floor: await hall.get("/floor"),
            visitor: await hall.get(hall.ticket_path(ticket)),
        }
        async with hall.screen("view=window&window=1", who="teller") as console:
            fresh[window] = console.data
        await until(lambda: all(screen.data == told for screen, told in fresh.items()))

        announced: dict[str, tuple[str, int, int]] = {}
        for view in board.views:
            for call in reversed(view["data"]["calls"]):
                told = (call["label"], call["window"], call["times"])
                assert announced.setdefault(call["id"], told) == told
        assert [told for call, told in announced.items() if call not in before] == called


async def _command(hall: Hall, chance: random.Random) -> tuple[str, httpx.Response]:
    """Something that may happen in a hall, sensible or not."""
    number = chance.randint(1, 4)
    tickets = [one["id"] for one in (await hall.get("/floor"))["tickets"]] or ["20200101-1"]
    ticket = chance.choice(tickets)
    verbs: dict[str, tuple[str, Any]] = {
        "recall": (f"/windows/{number}/recall", None),
        "miss": (f"/windows/{number}/miss", None),
        "park": (f"/windows/{number}/park", None),
        "pause": (f"/windows/{number}/pause", {"reason": "break", "after_current": chance.random() < 0.5}),
        "call": (f"/windows/{number}/call", {"ticket": ticket, "reason": "guest"}),
        "resume": (f"/windows/{number}/resume", {"ticket": ticket}),
        "transfer": (f"/windows/{number}/transfer", {"service": "fast", "place": "last"}),
        "walk-in": (f"/windows/{number}/walk-in", {"service": "fast", "reason": "guest"}),
        "reinstate": (f"/tickets/{ticket}/reinstate", None),
        "cancel": (f"/tickets/{ticket}/cancel", None),
    }
    often = {
        "issue": ("/tickets", {"service": chance.choice(["personal-cash", "fast", "accounts"])}),
        "call-next": (f"/windows/{number}/call-next", None),
        "start": (f"/windows/{number}/start", None),
        "finish": (f"/windows/{number}/finish", None),
        "open": (f"/windows/{number}/open", {"takeover": True}),
    }
    chosen = often if chance.random() < 0.8 else verbs
    verb = chance.choice(sorted(chosen))
    answer = await hall.post(*chosen[verb])
    return verb, answer if answer.status_code != 404 else httpx.Response(409, json={})


async def test_a_call_is_urgent_and_other_changes_are_folded(hall: Hall) -> None:
    await hall.issue()
    async with hall.screen() as board:
        await asyncio.sleep(2 * FOLD_S)
        seen = len(board.views)
        for _ in range(10):
            await hall.issue()
        waiting = (await hall.get("/board"))["services"][0]["waiting"]
        await until(lambda: board.data["services"][0]["waiting"] == waiting)
        assert len(board.views) - seen <= 3

        began_at = time.perf_counter()
        label = (await hall.post("/windows/1/call-next")).json()["ticket"]["label"]
        await until(lambda: board.data["calls"][0]["label"] == label)
        assert board.told_at[-1] - began_at < FOLD_S / 2


async def test_frozen_screens_delay_nobody_and_are_cut(hall: Hall) -> None:
    async with AsyncExitStack() as stack:
        screens = [await stack.enter_async_context(hall.screen()) for _ in range(LIVE)]
        alone_s = await _latency_s(hall, screens)
        frozen = [stack.enter_context(_frozen(hall)) for _ in range(FROZEN)]
        await until(lambda: _open_sockets(hall.core) == LIVE + FROZEN)
        beside_s = await _latency_s(hall, screens)
        assert beside_s < alone_s * SLOWER_MAX, (alone_s, beside_s)
        for _ in range(100):  # until no buffer between here and there has room
            if _open_sockets(hall.core) == LIVE:
                break
            await hall.post("/windows/1/recall")
            await asyncio.sleep(0.1)
        await until(lambda: _open_sockets(hall.core) == LIVE)
        assert len(frozen) == FROZEN
        last = (await hall.post("/windows/1/recall")).json()["ticket"]["calls"]
        await until(lambda: all(screen.data["calls"][0]["times"] == last for screen in screens))


async def _latency_s(hall: Hall, screens: list[Screen]) -> float:
    """From a call's request to the last screen that shows it, in seconds; the median."""
    ticket = await hall.issue()
    await hall.post("/windows/1/start")
    await hall.post("/windows/1/finish")
    assert (await hall.post("/windows/1/call", {"ticket": ticket["id"], "reason": "guest"})).status_code == 200
    latencies_s = []
    for times in range(2, 2 + CALLS):
        began_at = time.perf_counter()
        assert (await hall.post("/windows/1/recall")).json()["ticket"]["calls"] == times
        await until(lambda times=times: all(_shows(screen, ticket["label"], times) for screen in screens))
        latencies_s.append(max(screen.told_at[-1] for screen in screens) - began_at)
    return statistics.median(latencies_s)


def _shows(screen: Screen, label: str, times: int) -> bool:
    call = screen.data["calls"][0]
    return (call["label"], call["times"]) == (label, times)


def _frozen(hall: Hall) -> socket.socket:
    """A client that shakes hands and never reads, with little room in its own kernel."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.connect(("127.0.0.1", hall.core.settings.port))
    client.sendall(HANDSHAKE.replace(b"/live", f"/api/v1/branches/{hall.core.branch}/live".encode()))
    return client


def _open_sockets(core: Core) -> int:
    told = httpx.get(f"{core.base_url}/metrics").text
    (line,) = (line for line in told.splitlines() if line.startswith("queue_sockets_open "))
    return round(float(line.split()[1]))


async def test_a_quiet_hall_says_that_it_lives(hall: Hall) -> None:
    async with hall.screen() as board:
        await until(lambda: len(board.beats) >= 3)
        for beat in board.beats:
            exact(beat, messages.Alive)
            assert (beat["epoch"], beat["rev"]) == (board.view["epoch"], board.view["rev"])


async def test_what_a_client_says_is_of_no_interest(hall: Hall) -> None:
    async with hall.screen() as board, hall.screen() as large, hall.screen() as flood:
        for text in ("", "{", '{"type": "view"}', "你好"):
            await board.connection.send(text)
        await board.connection.send(b"\xff\x00")
        await large.connection.send("x" * 5000)
        for _ in range(5):
            with suppress(ConnectionClosed):
                await flood.connection.send("x" * 4000)
        await asyncio.wait_for(large.connection.wait_closed(), 10)
        await asyncio.wait_for(flood.connection.wait_closed(), 10)
        beats = len(board.beats)
        await until(lambda: len(board.beats) > beats)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/branches/{branch}/live?view=window&window=99", 404, "window.unknown"),
        ("/branches/{branch}/live?view=window", 404, "window.unknown"),
        ("/branches/{branch}/live?view=window&window=0", 422, "request.invalid"),
        ("/branches/{branch}/live?view=window&window=x", 422, "request.invalid"),
        ("/branches/{branch}/live?view=everything", 422, "request.invalid"),
        ("/branches/nowhere/live", 404, "branch.unknown"),
        ("/branches/{branch}/alive", 404, "request.not_found"),
        ("/branches/{branch}/board", 404, "request.not_found"),
        ("/tickets/x/live", 404, "ticket.unknown"),
        ("/tickets/" + "x" * 400 + "/live", 404, "ticket.unknown"),
    ],
)
async def test_a_handshake_is_refused_with_a_problem(hall: Hall, path: str, status: int, code: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with hall.screen(path=hall.core.api + path.format(branch=hall.core.branch), who="teller"):
            pass
    response = refusal.value.response
    assert (response.status_code, response.headers["content-type"]) == (status, MEDIA_TYPE)
    assert json.loads(response.body or b"")["code"] == code


async def test_no_socket_outlives_a_session_that_ends_while_it_opens(hall: Hall) -> None:
    for _ in range(5):
        hall.people["leaving"] = staff(hall.core, "greeter")
        sockets: list[ClientConnection] = []

        async def follow(sockets: list[ClientConnection] = sockets) -> None:
            url = f"{hall.core.hall}/live?view=floor".replace("http", "ws", 1)
            with suppress(InvalidStatus):
                sockets.append(await connect(url, additional_headers=hall.people["leaving"], proxy=None))

        opening = [asyncio.create_task(follow()) for _ in range(16)]
        await asyncio.sleep(0.01)
        async with httpx.AsyncClient(verify=False) as client:
            ended = await client.delete(f"{hall.core.api}/session", headers=hall.people["leaving"])
        assert ended.status_code == 204
        await asyncio.gather(*opening)
        for connection in sockets:
            await asyncio.wait_for(connection.wait_closed(), 5)
            assert connection.close_code in {4401, 1008}


async def test_a_new_start_is_a_new_epoch_with_all_that_was_told(hall: Hall) -> None:
    ticket = await hall.issue()
    await hall.post("/windows/1/call", {"ticket": ticket["id"], "reason": "guest"})
    async with hall.screen() as board:
        await until(lambda: board.data["calls"][0]["label"] == ticket["label"])
        before = board.view
        await asyncio.to_thread(hall.core.stop)
        await asyncio.wait_for(board.connection.wait_closed(), 10)
    await asyncio.to_thread(hall.core.start)
    async with hall.screen() as board, hall.screen(path=hall.ticket_path(ticket) + "/live") as visitor:
        assert board.view["epoch"] != before["epoch"]
        assert board.data == before["data"] == await hall.get("/board")
        assert visitor.data["status"] == "called"
