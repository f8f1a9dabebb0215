import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from queue_service.catalog import files
from queue_service.hall.evolve import evolve
from queue_service.simulate import checked
from queue_service.simulate.cli import simulate
from tests.simulate.logs import a_log, left, served

app = typer.Typer()
app.command()(simulate)

ROWS = (
    served("09:00:00", "09:00:00", "09:05:00"),
    served("09:01:00", "09:06:00", "09:08:00", priority=2, queued=1),
    left("09:01:00", "09:03:00"),
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "120"})


def test_prints_the_day_beside_the_log(tmp_path: Path) -> None:
    result = run(a_log(tmp_path, *ROWS), "--day", "1999-02-08")
    assert result.exit_code == 0, result.output
    assert "served 2 (log 2), left before they were called 1 (log 1)" in result.stdout
    assert "0 violations" in result.stdout
    assert "class vip" in result.stdout
    assert result.stderr == "", "no progress bar but on a terminal"


def test_json_is_one_object_for_programs(tmp_path: Path) -> None:
    result = run(a_log(tmp_path, *ROWS), "--day", "1999-02-08", "--json")
    told = json.loads(result.stdout)
    assert (told["file"], told["simulated"]["day"]) == ("log.csv", "1999-02-08")
    assert told["simulated"]["waits"]["classes"]["vip"] == {"count": 1, "p50_s": 240, "p90_s": 240, "max_s": 240}
    assert told["log"]["waits"]["all"]["max_s"] == 300
    assert told["simulated"]["invariants"]["violations"] == 0


def test_thanks_those_who_made_the_data_public(tmp_path: Path) -> None:
    log = a_log(tmp_path, *ROWS).rename(tmp_path / "anonymous_bank_1999.csv")
    assert "Technion" in run(log, "--day", "1999-02-08").stdout


def test_house_rules_of_a_catalogue_apply(tmp_path: Path) -> None:
    catalog = tmp_path / "bank.yaml"
    catalog.write_bytes(files.sample("bank"))
    result = run(a_log(tmp_path, *ROWS), "--day", "1999-02-08", "--json", "--catalog", catalog)
    assert json.loads(result.stdout)["simulated"]["served"] == 2


@pytest.mark.parametrize(
    ("row", "day", "told"),
    [
        (ROWS[0].replace("served", "lost"), "1999-02-08", "log.csv, line 3: the outcome must be served or abandoned"),
        (ROWS[0], "1999-02-09", "nobody who was served on 1999-02-09. Days: 1999-02-08"),
    ],
)
def test_says_what_cannot_be_used(tmp_path: Path, row: str, day: str, told: str) -> None:
    result = run(a_log(tmp_path, ROWS[0], row), "--day", day)
    assert result.exit_code == 2
    assert told in result.stderr


def test_says_what_is_wrong_with_a_catalogue(tmp_path: Path) -> None:
    catalog = tmp_path / "bank.yaml"
    catalog.write_text("branch: [", encoding="utf-8")
    result = run(a_log(tmp_path, *ROWS), "--day", "1999-02-08", "--catalog", catalog)
    assert result.exit_code == 2
    assert "bank.yaml, line" in result.stderr


def test_a_broken_invariant_is_told_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def evolve_wrongly(day, seq, at, events):  # type: ignore[no-untyped-def]  # stands in for any broken rule
        return evolve(day, seq, at, events[:1])

    # A close that waits for the visitor is two events; without the second the window stays open.
    monkeypatch.setattr(checked, "evolve", evolve_wrongly)
    rows = (*ROWS, served("09:02:00", "09:05:00", "09:06:00", queued=1))
    result = run(a_log(tmp_path, *rows), "--day", "1999-02-08")
    assert result.exit_code == 1
    assert "at " in result.stdout and " 0 violations" not in result.stdout
