"""`queue-service catalog check|import|sample|export`, as somebody at a terminal meets it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from queue_service.catalog.cli import catalog_app
from queue_service.catalog.files import SAMPLES, sample
from queue_service.settings import Settings
from tests.catalog.branches import BRANCH

stored = pytest.mark.usefixtures("fresh")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture
def fresh(storage: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use the test's database."""
    monkeypatch.setenv("QUEUE_DATA_DIR", str(storage.data_dir))
    if storage.database_url is None:
        monkeypatch.delenv("QUEUE_DATABASE_URL", raising=False)
    else:
        monkeypatch.setenv("QUEUE_DATABASE_URL", storage.database_url)


@pytest.fixture
def branch_file(tmp_path: Path) -> Path:
    path = tmp_path / "east.yaml"
    path.write_text(BRANCH, encoding="utf-8")
    return path


def run(*arguments: str | Path, given: bytes = b"") -> Result:
    return CliRunner().invoke(catalog_app, [str(argument) for argument in arguments], input=given)


def test_check_sums_up_good_files(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.yaml" for name in SAMPLES]
    for path in paths:
        path.write_bytes(sample(path.stem))
    result = run("check", *paths)
    assert result.exit_code == 0
    assert "Example Bank, Zhongshan Road (zhongshan-road): services 6, windows 9, zones 5, plans 3" in result.stdout
    assert result.stderr == ""


def test_check_tells_file_line_column_place_fault_and_cure(branch_file: Path) -> None:
    branch_file.write_text(BRANCH.replace("minutes: 6", "minutes: six").replace("2: cards", "2: card"), "utf-8")
    result = run("check", branch_file)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{branch_file}:17:14  services.cash.minutes  “six” is not a number  Write a number, such as 6 or 2.5.",
        f"{branch_file}:33:10  plans.normal.windows.2  there is no service “card”  Did you mean “cards”?",
        "Faults: 2.",
    ]


@pytest.mark.parametrize("terminal", ["zh_CN.UTF-8", "C", ""])
def test_check_speaks_the_language_of_the_terminal(
    branch_file: Path, monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    branch_file.write_text(BRANCH.replace("prefix: A", "prefix: a"), "utf-8")
    monkeypatch.setenv("LC_ALL", terminal)
    monkeypatch.setenv("LC_MESSAGES", terminal)
    monkeypatch.setenv("LANG", terminal)
    chinese = "票号前缀“a”应为 1 至 4 个大写英文字母" in run("check", branch_file).stderr
    assert chinese == terminal.startswith("zh")
    assert "票号前缀" in run("check", branch_file, "--language", "zh-CN").stderr
    assert "the prefix" in run("check", branch_file, "--language", "en").stderr


def test_check_tells_warnings_and_is_content(branch_file: Path) -> None:
    branch_file.write_text(BRANCH.replace("  2: {zone: hall}", "  2: {zone: hall}\n  3: {zone: hall}"), "utf-8")
    result = run("check", branch_file)
    assert result.exit_code == 0
    assert f"{branch_file}:27:6  warning  windows.3  window 3 is in no plan" in result.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = run("check", tmp_path / "none.yaml", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.count("the file cannot be opened") == 2


@stored
def test_import_publishes_once_and_export_gives_it_back(branch_file: Path, tmp_path: Path) -> None:
    assert "published as version 1" in run("import", branch_file).stdout
    assert "the same as version 1" in run("import", branch_file).stdout
    exported = tmp_path / "exported.yaml"
    assert run("export", "east-gate", "--output", exported).exit_code == 0
    assert run("export", "east-gate").stdout == exported.read_text("utf-8")
    exported.write_text(exported.read_text("utf-8").replace("East Gate", "East Gate Branch"), "utf-8")
    assert "published as version 2" in run("import", exported).stdout
    exported.write_text(exported.read_text("utf-8").replace("Branch", "Hall"), "utf-8")
    result = run("import", exported)
    assert result.exit_code == 1
    assert "Somebody else changed this branch's catalogue meanwhile" in result.stderr


@stored
def test_standard_input_is_a_file_too() -> None:
    bad = run("check", "-", given=BRANCH.replace("minutes: 6", "minutes: six").encode())
    assert bad.exit_code == 1
    assert bad.stderr.startswith("-:17:14  services.cash.minutes")
    assert "published as version 1" in run("import", "-", given=BRANCH.encode()).stdout
    assert "the same as version 1" in run("import", "-", given=run("export", "east-gate").stdout_bytes).stdout


@stored
def test_import_tells_what_an_edit_takes_away(branch_file: Path) -> None:
    run("import", branch_file)
    branch_file.write_text(BRANCH.replace("  2: {zone: hall}\n", "").replace("      2: cards\n", ""), encoding="utf-8")
    result = run("import", branch_file)
    assert result.exit_code == 0
    assert "warning  windows.2  window 2 is taken away" in result.stderr


@stored
def test_import_of_one_bad_file_publishes_none(branch_file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("branch: west\n")
    refused = run("import", branch_file, bad)
    assert refused.exit_code == 1
    assert "Nothing was changed." in refused.stderr
    result = run("export", "east-gate")
    assert result.exit_code == 1
    assert result.stderr == "There is no such branch. Branches: –\n"


def test_a_nearly_empty_file_is_told_all_that_is_missing(branch_file: Path) -> None:
    branch_file.write_text("branch: west\n", encoding="utf-8")
    told = run("check", branch_file).stderr.splitlines()
    assert [line.split("  ")[1] for line in told[:-1]] == ["name", "hours", "services", "windows", "plans"]


@stored
def test_an_exported_file_starts_another_branch(branch_file: Path) -> None:
    run("import", branch_file)
    exported = run("export", "east-gate").stdout
    assert "version: 1\n" in exported
    branch_file.write_text(exported.replace("branch: east-gate", "branch: west-gate"), encoding="utf-8")
    assert "this file was made from version 1" in run("check", branch_file).stdout
    assert "published as version 1" in run("import", branch_file).stdout


@stored
def test_an_exported_notice_ends_by_the_clock_of_the_branch(branch_file: Path) -> None:
    branch_file.write_text(BRANCH.replace("until: 2027-12-31", "until: 2027-12-31 18:30"), encoding="utf-8")
    run("import", branch_file)
    exported = run("export", "east-gate").stdout
    assert "until: 2027-12-31 18:30\n" in exported
    branch_file.write_text(exported, encoding="utf-8")
    assert "the same as version 1" in run("import", branch_file).stdout


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_a_file_to_start_from(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert run("sample", name).stdout == sample(name).decode()
    assert run("sample", name, "--output", path).exit_code == 0
    assert path.read_bytes() == sample(name)
    assert run("check", path).exit_code == 0


@stored
def test_a_file_is_written_over_only_when_that_is_said(branch_file: Path) -> None:
    run("import", branch_file)
    for command in (("sample", "bank"), ("export", "east-gate")):
        branch_file.write_text("mine", encoding="utf-8")
        result = run(*command, "--output", branch_file)
        assert result.exit_code == 1
        assert f"{branch_file} is there already." in result.stderr
        assert branch_file.read_text("utf-8") == "mine"
        assert run(*command, "--output", branch_file, "--force").exit_code == 0
        assert branch_file.read_text("utf-8") != "mine"


@stored
def test_export_into_nowhere_is_told(branch_file: Path, tmp_path: Path) -> None:
    run("import", branch_file)
    result = run("export", "east-gate", "--output", tmp_path / "no" / "file.yaml")
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr


def test_a_database_that_is_not_migrated_is_told(
    branch_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUEUE_DATABASE_URL", raising=False)
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path / "new"))
    result = run("import", branch_file)
    assert result.exit_code == 1
    assert "queue-service migrate" in result.stderr
