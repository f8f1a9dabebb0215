"""Two desks on one database: each decides on the newest state, and hears of what the other did."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from queue_service.desk.remarks import Remarks
from queue_service.desk.requests import Counter
from queue_service.desk.rounds import Follower
from queue_service.desk.tickets_api import visited
from queue_service.desk.tokens import TicketRef, Tokens
from queue_service.hall.commands import CloseWindow, Finish, Start, VoidIntent
from queue_service.hall.day import Day
from queue_service.identity.service import Identity
from queue_service.infra.bus import Bus, MemoryBus, Moved, Resync, open_bus
from queue_service.infra.limits import Limits
from queue_service.infra.problems import Problem
from queue_service.journal.entries import DayId
from queue_service.settings import Settings
from tests.core import QUICK
from tests.desk.house import BRANCH, MONDAY, HandClock, House, a_house, at, lease_of, terms

HEARD_S_MAX = 10
OTHER = "other"


@pytest.fixture
async def houses(database: str) -> AsyncIterator[tuple[House, House]]:
    """Two desks that hear nothing of each other."""
    settings, clock = Settings(database_url=database), HandClock()
    async with a_house(settings, clock) as here, a_house(settings, clock) as there:
        yield here, there


async def test_what_the_other_did_is_known_to_the_next_command(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.today()
    await there.today()
    await here.open(1)
    issued = await there.issue()
    assert (await here.issue())["label"] == "A002", "though both were asked the same at the same moment"
    called = await there.call(1)
    assert called is not None and called["id"] == issued["id"]
    await here.ask(Start(window=1, lease=lease_of(1)))


async def test_nobody_waiting_is_never_said_while_the_other_has_given_a_number(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.open(1)
    await there.today()
    for _ in range(5):
        issued = await there.issue()
        called = await here.call(1)
        assert called is not None and called["id"] == issued["id"]
        await here.ask(Start(window=1, lease=lease_of(1)))
        await here.ask(Finish(window=1, lease=lease_of(1)))


async def test_a_refusal_is_never_of_what_is_no_more(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.today()
    with pytest.raises(Problem):
        await there.call(1)
    await here.open(1)
    assert await there.call(1) is None
    await here.ask(CloseWindow(window=1, lease=lease_of(1), after_current=False))
    with pytest.raises(Problem) as refused:
        await there.call(1)
    assert refused.value.code == "window.closed"


async def test_a_link_that_the_other_has_just_given_is_good(houses: tuple[House, House]) -> None:
    here, there = houses
    await there.today()
    issued = await here.issue()
    tokens = Tokens((bytes(32),))
    token = tokens.token(TicketRef(BRANCH, issued["id"]))
    counter = Counter(
        desk=there.desk,
        tokens=tokens,
        remarks=Remarks(there.database),
        catalog=there.catalog,
        identity=Identity(there.database, there.settings, QUICK),
        limits=Limits(there.settings),
        clock=there.clock,
        settings=there.settings,
    )
    day, ticket = await visited(counter, token)
    assert (day.seq, ticket.label) == (2, issued["label"])
    for wrong in (tokens.token(TicketRef(BRANCH, "20260302-99")), tokens.token(TicketRef(BRANCH, "20260301-2")), "x"):
        with pytest.raises(Problem) as unknown:
            await visited(counter, wrong)
        assert (unknown.value.code, unknown.value.status, unknown.value.params) == ("ticket.unknown", 404, {})


async def test_a_retry_at_the_other_process_gets_the_same_answer(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.today()
    await there.today()
    first = await here.issue(key="k")
    assert await there.issue(key="k") == first
    assert (await there.issue())["label"] == "A002"
    await here.open(1)
    called = await here.call(1, key="call")
    assert await there.call(1, key="call") == called


async def test_both_at_once_give_dense_numbers_and_call_each_ticket_once(houses: tuple[House, House]) -> None:
    here, there = houses
    tickets = await asyncio.gather(*(house.issue(key=f"k{number}") for number in range(20) for house in houses))
    assert len({ticket["id"] for ticket in tickets}) == 20, "equal keys, one effect"
    assert sorted({ticket["label"] for ticket in tickets}) == [f"A{number:03}" for number in range(1, 21)]
    await here.open(1, 2, 3)
    called = await asyncio.gather(here.call(1), there.call(2), here.call(3))
    assert len({ticket["id"] for ticket in called if ticket is not None}) == 3
    await there.issue()
    await here.issue()
    assert await here.today() == await here.replayed()


async def test_a_number_and_its_void_at_two_processes_cannot_both_be(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.today()
    await there.today()

    async def void(house: House, key: str) -> None:
        await house.ask(VoidIntent(), key=key, fingerprint=b"void")

    issued: list[str] = []
    for number in range(20):
        key = f"race-{number}"
        issue, other = (here, there) if number % 4 < 2 else (there, here)
        both = [issue.issue(key=key), void(other, key)]
        outcomes = await asyncio.gather(*(both if number % 2 else reversed(both)), return_exceptions=True)
        (lost,) = (outcome for outcome in outcomes if isinstance(outcome, BaseException))
        assert isinstance(lost, Problem) and lost.code == "key.reused"
        issued += [outcome["id"] for outcome in outcomes if isinstance(outcome, dict)]
    for house in houses:
        await house.desk.look_again(BRANCH)
        assert sorted((await house.today()).live) == sorted(issued)
    await here.replayed()


async def test_both_work_off_the_days_end_once(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.issue()
    await there.issue()
    here.clock.now = at(24 + 4)
    await asyncio.gather(here.desk.wake(), there.desk.wake(), here.today(), there.today())
    kinds = [entry.events for entry in await here.entries()]
    assert len(kinds) == len(set(kinds))
    assert await here.today() == await there.today()
    await here.replayed()


async def test_an_edit_enters_a_day_that_both_have_open_once(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.issue()
    await there.issue()
    await here.publish(terms(name={"zh-CN": "新", "en": "New"}))
    await asyncio.gather(here.desk.wake(), there.desk.wake())
    await there.desk.wake()
    assert [entry.kind for entry in await here.entries()].count("terms.change") == 1


async def test_the_other_hears_of_a_change(database: str) -> None:
    settings, clock = Settings(database_url=database), HandClock()
    async with a_house(settings, clock) as here, a_house(settings, clock) as there:
        await there.today()
        heard = asyncio.Event()
        there.desk.listeners.append(lambda _: heard.set())
        async with following(here), following(there):
            issued = await here.issue()
            async with asyncio.timeout(HEARD_S_MAX):
                await heard.wait()
        assert known(there).ticket(issued["id"]) is not None
        assert there.desk.newest(BRANCH) == await here.today()
        assert [event.kind for event in there.told()][-1] == "ticket.issued"


async def test_news_that_could_not_be_taken_in_are_not_forgotten(storage: Settings) -> None:
    """The journal fails just when news come: they are taken in as soon as it answers again."""
    async with a_house(storage) as house:
        await house.today()
        bus = MemoryBus()
        follower = Follower(house.desk, bus)
        day = house.desk.newest(BRANCH)
        assert day is not None
        bus.tell(Moved(topic=f"{BRANCH}/{day.business_on}", seq=day.seq + 1))
        following = asyncio.ensure_future(follower.follow())
        await asyncio.sleep(0)
        following.cancel()  # as good as any failure
        await asyncio.wait([following])
        await asyncio.wait_for(follower.follow(), HEARD_S_MAX)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(follower.follow(), 0.05)


async def test_after_missed_news_everything_is_looked_at_again(houses: tuple[House, House]) -> None:
    here, there = houses
    await there.today()
    bus = MemoryBus()
    follower = Follower(there.desk, bus)
    issued = await here.issue()
    bus.tell(Resync())
    await asyncio.wait_for(follower.follow(), HEARD_S_MAX)
    assert known(there).ticket(issued["id"]) is not None


async def test_a_branch_whose_turn_is_long_keeps_no_other_from_its_news(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.publish(terms(branch_id=OTHER))
    await there.catalog.refresh()
    days = {branch: await there.desk.today(branch) for branch in (BRANCH, OTHER)}
    bus = MemoryBus()
    follower = Follower(there.desk, bus)
    async with here.journal.exclusive(DayId(branch_id=BRANCH, business_on=MONDAY)):
        waiting = asyncio.ensure_future(there.issue())
        await asyncio.sleep(0)
        issued = await here.issue(branch_id=OTHER)
        bus.tell(Moved(topic=f"{BRANCH}/{MONDAY}", seq=days[BRANCH].seq + 1))
        bus.tell(Moved(topic=f"{OTHER}/{MONDAY}", seq=days[OTHER].seq + 1))
        long = asyncio.ensure_future(follower.follow())
        short = asyncio.ensure_future(follower.follow())
        await asyncio.wait_for(short, HEARD_S_MAX)
        day = there.desk.newest(OTHER)
        assert day is not None and day.ticket(issued["id"]) is not None
        assert not waiting.done() and not long.done()
        bus.tell(Moved(topic=f"{BRANCH}/{MONDAY}", seq=days[BRANCH].seq + 2))
        more = asyncio.ensure_future(follower.follow())
        await asyncio.wait([more], timeout=0.05)
        assert not more.done(), "nobody else waits for the same turn"
    for one in (waiting, long, more):
        await asyncio.wait_for(one, HEARD_S_MAX)


async def test_news_of_what_nobody_watches_are_read_by_whoever_asks_next(houses: tuple[House, House]) -> None:
    here, there = houses
    await there.today()
    before = known(there)
    bus = MemoryBus()
    watched: set[str] = set()
    follower = Follower(there.desk, bus, is_watched=watched.__contains__)
    for news in (True, False):
        issued = await here.issue()
        day = await here.today()
        bus.tell(Moved(topic=f"{BRANCH}/{day.business_on}", seq=day.seq) if news else Resync())
        assert known(there) is before and there.desk.days() == []
        before = await there.today()
        assert before.ticket(issued["id"]) is not None and there.desk.days() == [before]

    issued = await here.issue()
    bus.tell(Resync())
    assert await there.issue() != issued
    assert known(there).ticket(issued["id"]) is not None, "a command is decided on the newest state"

    watched.add(BRANCH)
    issued = await here.issue()
    day = await here.today()
    bus.tell(Moved(topic=f"{BRANCH}/{day.business_on}", seq=day.seq))
    await asyncio.wait_for(follower.follow(), HEARD_S_MAX)
    assert known(there).ticket(issued["id"]) is not None


async def test_only_who_wrote_an_entry_tells_of_it(houses: tuple[House, House]) -> None:
    here, there = houses
    await here.today()
    await there.today()
    told: list[object] = []
    bus = MemoryBus()
    Follower(there.desk, bus)
    bus.subscribe(told.append)
    issued = await here.issue()
    await there.desk.look_again(BRANCH)
    assert known(there).ticket(issued["id"]) is not None
    await there.issue()
    await asyncio.sleep(0)
    day = known(there)
    assert told == [Moved(topic=f"{BRANCH}/{day.business_on}", seq=day.seq)]


async def test_a_database_that_was_set_back_is_read_anew(houses: tuple[House, House], database: str) -> None:
    """As after a restore, or a change to a replica that lacked the last commits, under a running process."""
    here, there = houses
    await here.open(1)
    for _ in range(3):
        await here.issue()
    connection = await asyncpg.connect(database)
    await connection.execute("DELETE FROM journal.keys WHERE seq > 3; DELETE FROM journal.entries WHERE seq > 3")
    await connection.close()
    assert (await here.issue())["label"] == "A002"
    assert await here.today() == await there.replayed()


@asynccontextmanager
async def following(house: House) -> AsyncIterator[Bus]:
    """The bus, and a follower that works as the core's does."""
    async with AsyncExitStack() as stack:
        bus = await open_bus(house.settings)
        stack.push_async_callback(bus.close)
        follower = Follower(house.desk, bus)

        async def for_ever() -> None:
            while True:
                await follower.follow()

        task = asyncio.ensure_future(for_ever())
        stack.push_async_callback(asyncio.wait, [task])
        stack.callback(task.cancel)
        yield bus


def known(house: House) -> Day:
    """The day as the process has it, without asking anything."""
    day = house.desk.newest(BRANCH)
    assert day is not None
    return day
