"""The journal when processes die, and when two of them meet on one branch."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from itertools import pairwise
from pathlib import Path

import pytest

from queue_service.infra.migrate import migrate
from queue_service.journal import open_journal
from queue_service.journal.entries import Appended, SeqTaken
from queue_service.journal.store import JournalUnavailable
from queue_service.settings import Settings
from tests.journal.entries import a_day, an_append, an_entry
from tests.journal.worker import BRANCHES

KILLS = 3
ACKNOWLEDGED_MIN = 200
RACE_COUNT = 100
WAIT_S_MAX = 3.0
"""For a race on a busy test machine; a quiet one stays below 0.1."""


async def test_a_killed_process_loses_nothing_acknowledged(storage: Settings) -> None:
    acknowledged: dict[str, int] = dict.fromkeys(BRANCHES, 0)
    for _ in range(KILLS):
        process = await _start("load", storage)
        assert process.stdout
        lines = [await process.stdout.readline() for _ in range(ACKNOWLEDGED_MIN)]
        process.kill()
        rest, _ = await process.communicate()
        for line in (b"".join(lines) + rest).splitlines():
            branch_id, seq = line.decode().split()
            acknowledged[branch_id] = max(acknowledged[branch_id], int(seq))
        journal = await open_journal(storage)
        for branch_id, seq_last in acknowledged.items():
            entries = await journal.load(a_day(branch_id))
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            assert seq_last <= len(entries) <= seq_last + 1  # one may be durable and not yet told
            for entry in entries:
                assert await journal.find_key(branch_id, entry.actor, f"{branch_id}-{entry.seq}") == entry
        await journal.close()


async def test_two_processes_on_one_branch_both_land_every_entry(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database)
    processes = [await _start("race", settings, name, str(RACE_COUNT)) for name in ("left", "right")]
    for process in processes:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write(b"go\n")
    waits_s = [float((await process.communicate())[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert max(waits_s) < WAIT_S_MAX
    journal = await open_journal(settings)
    entries = await journal.load(a_day())
    await journal.close()
    assert [entry.seq for entry in entries] == list(range(1, 2 * RACE_COUNT + 1))
    expected = {f"{name}-{number}" for name in ("left", "right") for number in range(RACE_COUNT)}
    assert {entry.key for entry in entries} == expected
    names = [str(entry.key).split("-")[0] for entry in entries]
    assert sum(here != there for here, there in pairwise(names)) > 1, "they never met"


async def test_exclusive_keeps_other_processes_waiting_and_other_branches_going(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database)
    here, there = await open_journal(settings), await open_journal(settings)
    async with here.exclusive(a_day()) as alone:
        blocked = asyncio.ensure_future(there.append(an_append(an_entry(1, key="there"))))
        elsewhere = [there.append(an_append(an_entry(1, a_day(f"branch-{number}")))) for number in range(3)]
        assert await asyncio.gather(*elsewhere) == [Appended()] * 3
        assert not blocked.done()
        assert await alone.append(an_append(an_entry(1, key="here"))) == Appended()
    assert await blocked == SeqTaken()
    assert [entry.key for entry in await there.load(a_day())] == ["here"]
    await here.close()
    await there.close()


async def test_exclusive_lets_go_when_its_block_raises(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database)
    here, there = await open_journal(settings), await open_journal(settings)
    with pytest.raises(KeyError):
        async with here.exclusive(a_day()) as alone:
            await alone.append(an_append(an_entry(1, key="here")))
            raise KeyError
    assert await there.append(an_append(an_entry(1, key="there"))) == Appended()
    await here.close()
    await there.close()


async def test_a_waiting_append_gives_up_in_time(database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database)
    here = await open_journal(settings)
    there = await open_journal(settings.model_copy(update={"database_wait_s_max": 0.3}))
    async with here.exclusive(a_day()):
        with pytest.raises(JournalUnavailable):
            await there.append(an_append(an_entry(1)))
    assert await there.append(an_append(an_entry(1))) == Appended()
    await here.close()
    await there.close()


async def test_sqlite_belongs_to_one_process(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None)
    await migrate(settings)
    journal = await open_journal(settings)
    with pytest.raises(JournalUnavailable, match="another process"):
        await open_journal(settings)
    await journal.close()
    await (await open_journal(settings)).close()


async def _start(mode: str, settings: Settings, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.journal.worker", mode, str(settings.data_dir), settings.database_url or "", *arguments),
        stdin=PIPE,
        stdout=PIPE,
        limit=2**20,
    )
