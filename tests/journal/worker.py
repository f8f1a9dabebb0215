"""A process of its own that appends, for tests that kill it or let two of them meet.

`load DATA_DIR URL` appends on ten branches at once until it is killed and prints each acknowledged `branch seq`.
`race DATA_DIR URL NAME COUNT` adds COUNT entries to one branch-day and prints its longest wait in seconds.
"""

import asyncio
import os
import sys
from pathlib import Path

from queue_service.journal import open_journal
from queue_service.journal.entries import Appended, DayId, SeqTaken
from queue_service.journal.store import Journal
from queue_service.settings import Settings
from tests.journal.entries import a_day, an_append, an_entry

BRANCHES = [f"branch-{number}" for number in range(10)]


async def load(journal: Journal) -> None:
    await asyncio.gather(*(_append_for_ever(journal, a_day(branch)) for branch in BRANCHES))


async def race(journal: Journal, name: str, count: int) -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    waits_s = [await _add(journal, a_day(), key=f"{name}-{number}") for number in range(count)]
    print(max(waits_s), flush=True)


async def _append_for_ever(journal: Journal, day: DayId) -> None:
    seq = len(await journal.load(day))
    while True:
        seq += 1
        outcome = await journal.append(an_append(an_entry(seq, day, key=f"{day.branch_id}-{seq}")))
        assert outcome == Appended(), outcome
        os.write(1, f"{day.branch_id} {seq}\n".encode())


async def _add(journal: Journal, day: DayId, key: str) -> float:
    """Adds one entry as the desk does: at once, and after a loss with nobody beside it."""
    started_s = asyncio.get_running_loop().time()
    seq = len(await journal.load(day)) + 1
    outcome = await journal.append(an_append(an_entry(seq, day, key=key)))
    if outcome == SeqTaken():
        async with journal.exclusive(day) as alone:
            seq = len(await alone.load()) + 1
            outcome = await alone.append(an_append(an_entry(seq, day, key=key)))
    assert outcome == Appended(), outcome
    return asyncio.get_running_loop().time() - started_s


async def main(mode: str, data_dir: str, url: str, *arguments: str) -> None:
    journal = await open_journal(Settings(data_dir=Path(data_dir), database_url=url or None))
    if mode == "load":
        await load(journal)
    else:
        name, count = arguments
        await race(journal, name, int(count))
    await journal.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
