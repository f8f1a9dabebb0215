"""What the commands tell whoever typed them: one line for each thing, in the terminal's language."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from queue_service import cli
from queue_service.infra.migrate import Tree, heads_released, is_current, migrate, schema_of, transaction
from queue_service.settings import Settings
from tests.backup.filled import fill_empty


def run(data: Path, *words: object, answer: str = "", language: str = "en_GB.UTF-8") -> Result:
    environment = {"QUEUE_DATA_DIR": str(data), "LC_ALL": language, "QUEUE_DATABASE_URL": ""}
    return CliRunner().invoke(cli.app, [str(word) for word in words], input=answer, env=environment)


def told(result: Result, status: int = 1) -> str:
    """The one line of a command that ended so."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with rows in every table."""

    async def fill() -> None:
        settings = Settings(data_dir=tmp_path / "data", database_url=None)
        await migrate(settings)
        for tree in Tree:
            async with transaction(settings, tree) as connection:
                await fill_empty(connection, schema_of(settings, tree))

    asyncio.run(fill())
    return tmp_path / "data"


def test_backup_and_restore_tell_what_they_did(data: Path, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "hall.zip", tmp_path / "elsewhere"
    taken = run(data, "backup", path)
    assert taken.exit_code == 1, "made-up entries are no day that replays"
    assert "is whole: as of 20" in taken.stderr and "2 days, 2 entries" in taken.stderr
    assert "keep it as you keep a key" in taken.stderr
    assert taken.stderr.count("does not replay") == 2
    assert run(data, "restore", path, "--verify").exit_code == 1
    restored = run(elsewhere, "restore", path, language="zh_CN.UTF-8")
    assert restored.exit_code == 0, restored.output
    assert restored.stderr.splitlines()[-1].startswith("已恢复到 20")
    assert "Take a backup of it first" in run(elsewhere, "restore", path).stderr.splitlines()[-1]
    assert run(elsewhere, "restore", path, "--replace").exit_code == 0
    assert told(run(data, "backup", path)) == f"{path} is there already. Give the backup another name."


def test_what_is_no_whole_backup_is_told(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "hall.zip"
    run(data, "backup", path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert "not a backup of this service, or not the whole of one" in told(run(data, "restore", path))
    path.write_bytes(b"PK?" + whole[3:])
    assert "is damaged" in told(run(data, "restore", path, "--verify"))
    assert "nowhere cannot be used: No such file" in told(run(data, "backup", tmp_path / "nowhere" / "hall.zip"))
    assert "queue-service migrate" in told(run(tmp_path / "new", "backup", tmp_path / "new.zip"))


def test_the_way_to_a_former_release_asks_before_rows_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {**heads_released(), Tree.TABLES: heads_released()[Tree.TABLES] - {"2026_11_21_secrets"}}
    monkeypatch.setattr(cli, "releases", lambda: {"0.0.1": without, "0.0.2": heads_released()})
    settings = Settings(data_dir=data, database_url=None)
    assert told(run(data, "migrate", "--to-release", "7")) == "There is no release 7. Known: 0.0.1, 0.0.2."
    asked = run(data, "migrate", "--to-release", "0.0.1", answer="n\n")
    assert asked.exit_code == 1
    assert asked.stderr.startswith("secrets: all 2 rows go\nAll this is lost")
    assert asyncio.run(is_current(settings))
    gone = run(data, "migrate", "--to-release", "0.0.1", "--yes")
    assert gone.exit_code == 0
    assert "those of release 0.0.1 now" in gone.stderr
    assert not asyncio.run(is_current(settings))
    assert "those of release 0.0.2 now" in told(run(data, "migrate", "--to-release", "0.0.2"), 0)
    assert asyncio.run(is_current(settings))
