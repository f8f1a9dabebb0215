"""What only the SQLite journal promises: the disk has it before anybody is told."""

from pathlib import Path

from queue_service.infra.migrate import migrate
from queue_service.journal.sqlite import SqliteJournal
from queue_service.settings import Settings
from tests.journal.entries import an_append, an_entry


async def test_the_writer_is_set_up_for_a_power_cut(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None)
    await migrate(settings)
    journal = await SqliteJournal.open(settings)
    await journal.append(an_append(an_entry(1)))
    for pragma, expected in (("synchronous", 2), ("journal_mode", "wal")):
        row = await journal._writer.run(lambda connection, name=pragma: connection.execute(f"PRAGMA {name}").fetchone())
        assert row == (expected,)
    assert (tmp_path / "journal.db-wal").stat().st_size > 0
    await journal.close()
    assert not (tmp_path / "journal.db-wal").exists()  # the writer closed last and left one whole file
