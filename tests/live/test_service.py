"""What the screens of a real desk are told when the day turns or its catalogue changes under them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from queue_service.hall.commands import CallNext
from queue_service.live.channels import Hub
from queue_service.live.service import GONE, Live
from queue_service.settings import Settings
from tests.desk.house import House, a_house, at, lease_of
from tests.infra.timekeeping import HandTurned
from tests.live.test_channels import Screen

FOLD_S = 1


class Lobby:
    """Live views of a house, with a time for folding that is turned by hand."""

    def __init__(self, house: House) -> None:
        self.time = HandTurned()
        hub = Hub(settings=house.settings, epoch="e1", clock=house.clock, scheduler=self.time)
        self.live = Live(house.desk, hub)

    def fold(self) -> None:
        self.time.turn(FOLD_S)


@pytest.fixture
async def house(storage: Settings) -> AsyncIterator[House]:
    async with a_house(storage) as house:
        yield house


@pytest.fixture
def lobby(house: House) -> Lobby:
    return Lobby(house)


async def test_a_visitor_is_told_at_the_days_end_what_became_of_the_ticket(house: House, lobby: Lobby) -> None:
    issued = await house.issue()
    screen = Screen()
    key, source = lobby.live.ticket(await house.today(), issued["id"])
    lobby.live.hub.subscribe(key, screen, source)
    await house.open(1)
    await house.call(1)
    house.clock.now = at(24 + 9)
    await house.today()
    lobby.fold()
    told = screen.shown[-1]
    assert (told["label"], told["business_on"], told["status"]) == (issued["label"], "2026-03-02", "expired")
    await house.issue()
    lobby.fold()
    assert screen.shown[-1] == told


async def test_the_board_turns_to_the_new_day(house: House, lobby: Lobby) -> None:
    await house.issue()
    screen = Screen()
    key, source = lobby.live.board(await house.today())
    lobby.live.hub.subscribe(key, screen, source)
    house.clock.now = at(24 + 9)
    await house.today()
    lobby.fold()
    assert screen.shown[-1]["branch"]["business_on"] == "2026-03-03"
    assert screen.shown[-1]["branch"]["numbers"] is True


async def test_the_console_of_a_window_that_is_taken_away_is_told_so(house: House, lobby: Lobby) -> None:
    day = await house.today()
    gone, kept = Screen(), Screen()
    for number, screen in ((3, gone), (1, kept)):
        key, source = lobby.live.window(day, number)
        lobby.live.hub.subscribe(key, screen, source)
    await house.issue()  # its news is on the way when the catalogue changes
    terms = day.terms
    plan = replace(terms.plans[0], windows={1: terms.plans[0].windows[1], 2: terms.plans[0].windows[2]})
    await house.publish(replace(terms, windows=terms.windows[:2], plans=(plan,)))
    await house.desk.wake()
    lobby.fold()
    assert gone.closed == [GONE]
    assert kept.closed == []
    assert [window["number"] for window in kept.shown[-1]["windows"]] == [1, 2]


async def test_a_window_in_use_stays_until_it_is_closed(house: House, lobby: Lobby) -> None:
    await house.open(3)
    screen = Screen()
    day = await house.today()
    key, source = lobby.live.window(day, 3)
    lobby.live.hub.subscribe(key, screen, source)
    plan = replace(day.terms.plans[0], windows={1: day.terms.plans[0].windows[1]})
    await house.publish(replace(day.terms, windows=day.terms.windows[:1], plans=(plan,)))
    await house.desk.wake()
    assert (await house.ask(CallNext(window=3, lease=lease_of(3))))["ticket"] is None
    lobby.fold()
    assert screen.closed == []
