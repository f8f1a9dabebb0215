"""Both trees of migrations come up from nothing and know when they are current."""

from pathlib import Path

import pytest

from queue_service.infra import migrate as migrating
from queue_service.infra.filelock import FileLock, FileLockBusy
from queue_service.infra.migrate import Tree, is_current, migrate
from queue_service.settings import Settings


async def test_migrate_is_enough_once_and_harmless_twice(storage: Settings) -> None:
    assert await is_current(storage)
    await migrate(storage)
    assert await is_current(storage)


async def test_a_new_folder_is_not_current_and_is_not_made_by_asking(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "中文 50%", database_url=None)
    assert not await is_current(settings)
    assert not settings.data_dir.exists()
    await migrate(settings)
    assert await is_current(settings)


async def test_a_new_database_is_not_current(postgres_empty: str) -> None:
    settings = Settings(database_url=postgres_empty)
    assert not await is_current(settings)
    await migrate(settings)
    assert await is_current(settings)


async def test_another_release_is_not_current(storage: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "_heads_released", lambda tree: frozenset({"2099_01_01_journal_later"}))
    assert not await is_current(storage)


async def test_migrate_does_not_touch_a_journal_in_use(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None, database_wait_s_max=0.02)
    lock = FileLock(tmp_path / f"{Tree.JOURNAL}.lock")
    lock.take()
    with pytest.raises(FileLockBusy):
        await migrate(settings)
    lock.close()
    await migrate(settings)
