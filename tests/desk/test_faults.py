"""Whatever is cut off midway, the desk goes on from what is durable, and a retry is told the truth."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from queue_service.desk.branch import Ask
from queue_service.hall.commands import IssueTicket
from queue_service.hall.day import Day
from queue_service.hall.decide import Accepted
from queue_service.hall.tickets import Channel
from queue_service.infra.problems import Problem
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CASH, KIOSK, House, a_house, terms
from tests.journal.faults import Cut, FaultyLine

STEPS_MAX = 25
"""Turns of the loop that an issue takes at most until its answer."""
TERMINATIONS = 5


class WholeLine(FaultyLine):
    """A line of which, once one connection is cut, no other is left."""

    def __init__(self, server_url: str) -> None:
        super().__init__(server_url)
        self._writers: list[asyncio.StreamWriter] = []

    def fail(self) -> None:
        """Let nobody in until mended."""
        self._mended.clear()

    async def cut_rest(self) -> None:
        """Wait for the cut, and cut all others."""
        await self.cut_off.wait()
        for writer in self._writers:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connected = await super()._connect()
        self._writers.append(connected[1])
        return connected


@pytest.fixture
async def line(database: str) -> WholeLine:
    return WholeLine(database)


@pytest.fixture
async def cut_off(line: WholeLine) -> AsyncIterator[House]:
    """A desk whose PostgreSQL can be cut off; it gives up soon."""
    async with line.open() as url, a_house(Settings(database_url=url, database_wait_s_max=0.5)) as house:
        yield house
        line.mend()


async def test_a_cancelled_command_happens_once_or_not_at_all(house: House) -> None:
    await house.today()
    for steps in range(STEPS_MAX):
        key = f"key-{steps}"
        cancelled = asyncio.ensure_future(house.issue(key=key))
        for _ in range(steps):
            await asyncio.sleep(0)
        cancelled.cancel()
        await house.issue(key=f"next-{steps}")
        retried = await house.issue(key=key)
        if not cancelled.cancelled():
            await asyncio.wait([cancelled])
        if not cancelled.cancelled():
            assert cancelled.result() == retried
        assert (await house.today()).numbers == {"A": 2 * steps + 2}
    assert await house.replayed() == await house.today()


async def test_many_cancelled_at_once_leave_a_whole_day(house: House) -> None:
    await house.today()
    asked = [asyncio.ensure_future(house.issue(key=f"key-{number}")) for number in range(60)]
    for number, one in enumerate(asked):
        if number % 3 == 0:
            await asyncio.sleep(0.001)
            one.cancel()
    await asyncio.wait(asked)
    retried = [await house.issue(key=f"key-{number}") for number in range(60)]
    assert len({ticket["label"] for ticket in retried}) == 60
    day = await house.today()
    assert day.numbers == {"A": 60}
    assert await house.replayed() == day


async def test_an_answer_that_cannot_be_worded_writes_nothing(house: House) -> None:
    await house.issue()

    def fails(day: Day, accepted: Accepted) -> dict[str, object]:
        raise LookupError

    command = IssueTicket(legs=(CASH,), channel=Channel.KIOSK, language="en")
    with pytest.raises(LookupError):
        await house.desk.submit(Ask(branch_id=BRANCH, actor=KIOSK, kind="test", command=command, answer=fails))
    assert (await house.issue())["label"] == "A002"
    assert await house.replayed() == await house.today()


@pytest.mark.parametrize("cut", Cut)
async def test_a_command_cut_off_is_unavailable_and_its_retry_truthful(
    cut_off: House, line: WholeLine, cut: Cut
) -> None:
    await cut_off.issue()
    line.arm(cut)
    cutting = asyncio.ensure_future(line.cut_rest())
    with pytest.raises(Problem) as unavailable:
        await cut_off.issue(key="k")
    assert (unavailable.value.code, unavailable.value.status) == ("journal.unavailable", 503)
    await cutting
    line.mend()
    assert (await cut_off.issue(key="k"))["label"] == "A002"
    assert (await cut_off.issue())["label"] == "A003"
    assert await cut_off.replayed() == await cut_off.today()


async def test_everything_asked_while_the_journal_is_away_is_unavailable(cut_off: House, line: WholeLine) -> None:
    await cut_off.open(1)
    line.arm(Cut.BEFORE_COMMIT)
    cutting = asyncio.ensure_future(line.cut_rest())
    for ask in (cut_off.issue(key="cut"), cut_off.call(1, key="k"), cut_off.today()):
        with pytest.raises(Problem) as unavailable:
            await ask
        assert (unavailable.value.code, unavailable.value.status) == ("journal.unavailable", 503)
    await cutting
    line.mend()
    assert (await cut_off.issue(key="cut"))["label"] == "A001"
    called = await cut_off.call(1, key="k")
    assert called is not None and called["label"] == "A001"


async def test_whether_a_key_is_used_may_be_unknown_too(cut_off: House, line: WholeLine) -> None:
    """Nobody waits, but only the journal knows whether this is a retry."""
    await cut_off.open(1)
    line.cut_off.set()
    line.fail()
    await line.cut_rest()
    with pytest.raises(Problem) as unavailable:
        await cut_off.call(1, key="k")
    assert (unavailable.value.code, unavailable.value.status) == ("journal.unavailable", 503)


async def test_terminated_connections_lose_and_double_nothing(database: str) -> None:
    async with a_house(Settings(database_url=database)) as house:
        await house.open(1)
        ended = asyncio.Event()

        async def issue_until_ended(name: str) -> list[str]:
            labels: list[str] = []
            while not ended.is_set():
                labels.append((await _retried(house, f"{name}-{len(labels)}"))["label"])
            return labels

        issuing = [asyncio.ensure_future(issue_until_ended(f"kiosk-{number}")) for number in range(4)]
        for _ in range(TERMINATIONS):
            await asyncio.sleep(0.1)
            await _terminate_all(database)
        ended.set()
        labels = sorted(label for each in await asyncio.gather(*issuing) for label in each)
        assert labels == [f"A{number:03}" for number in range(1, len(labels) + 1)]
        assert await house.replayed() == await house.today()


async def test_more_than_may_wait_are_refused(storage: Settings) -> None:
    async with a_house(storage.model_copy(update={"desk_pending_max": 5})) as house:
        await house.today()
        answers = await asyncio.gather(*(house.issue() for _ in range(8)), return_exceptions=True)
        problems = [answer for answer in answers if isinstance(answer, Problem)]
        assert [(problem.code, problem.status) for problem in problems] == [("desk.overloaded", 503)] * 3
        assert {problem.headers["Retry-After"] for problem in problems} == {"1"}
        assert (await house.today()).numbers == {"A": 5}
        assert (await house.issue())["label"] == "A006"


async def test_a_journal_that_has_too_much_to_write_is_told(storage: Settings) -> None:
    async with a_house(storage.model_copy(update={"journal_pending_max": 1, "journal_batch_max": 1})) as house:
        await house.publish(terms(branch_id="other"))
        await asyncio.gather(house.today(), house.issue())
        await house.issue(branch_id="other")
        answers = await asyncio.gather(house.issue(), house.issue(branch_id="other"), return_exceptions=True)
        assert [answer.code for answer in answers if isinstance(answer, Problem)] == ["desk.overloaded"]


async def _retried(house: House, key: str) -> dict[str, Any]:
    """As a kiosk does it: the same key until there is an answer."""
    for _ in range(100):
        try:
            return await house.issue(key=key)
        except Problem as problem:
            assert problem.code == "journal.unavailable"
            await asyncio.sleep(0.02)
    raise AssertionError("no answer")


async def _terminate_all(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'queue-service journal'"
    )
    await connection.close()
