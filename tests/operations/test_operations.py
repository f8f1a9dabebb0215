"""`deploy/operations.md` is true: each command, event, figure, alarm, check and setting in it exists, none is missing.

The figures are those of a real core after a small real day; rules and dashboard ask for no others.
"""

import ast
import asyncio
import json
import re
import shlex
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click
import httpx
import promql_parser
import pytest
import typer
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pwdlib import PasswordHash
from websockets.sync.client import connect

from queue_service.cli import app
from queue_service.identity.rules import AccountRefusal
from queue_service.identity.service import Identity
from queue_service.infra import checks as infra_checks
from queue_service.infra import health
from queue_service.infra.database import Database
from queue_service.journal import checks as journal_checks
from queue_service.wire import locales
from tests.core import Core
from tests.docs import SETTINGS

HERE = Path(__file__).parent.parent.parent
DEPLOY = HERE / "deploy"
TEXT = (DEPLOY / "operations.md").read_text("utf-8")
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text("utf-8"))
DASHBOARD = json.loads((DEPLOY / "grafana" / "queue-service.json").read_text("utf-8"))
CASH = "personal-cash"
SEEN_S_MAX = 60

Figures = dict[str, set[str]]
"""The labels of each figure, by its name in the scrape."""


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def named(heading: str) -> list[str]:
    """What stands in code marks in the first column of that table."""
    return [row[0].strip("`") for row in table(heading)]


# Commands


def commands() -> Iterator[list[str]]:
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL):
        yield from map(_words, block.splitlines())
    yield from map(_words, re.findall(r"`(queue-service [^`]+)`", TEXT))


def _words(line: str) -> list[str]:
    """Of the command alone; what is redirected is the shell's."""
    return shlex.split(re.sub(r" [<>] \S+", "", line), comments=True)


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in commands()])
def test_every_command_is_one_of_ours_and_takes_these_words(words: list[str]) -> None:
    program, *rest = words
    assert program == "queue-service"
    command: click.Command = typer.main.get_command(app)
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, *rest = rest
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)
    command.parse_args(context, rest)


# Log


def events_logged() -> set[str]:
    """The first word of every call of a log in the code."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    found: set[str] = set()
    for path in chain.from_iterable((HERE / package).rglob("*.py") for package in PACKAGES):
        for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
            match call:
                case ast.Call(
                    func=ast.Attribute(attr=level, value=target), args=[ast.Constant(value=str(event)), *_]
                ) if level in levels and ast.unparse(target).rpartition(".")[2].lstrip("_") in LOGS:
                    found.add(event)
                case ast.Call(func=ast.Name(id="tell"), args=[ast.Constant(value=str(event)), *_]):
                    found.add(event)
                case _:
                    pass
    return found


PACKAGES = ("queue_service", "kiosk_client", "display_client")
LOGS = {"log", "get_logger()"}


def test_every_event_of_the_log_is_explained() -> None:
    assert sorted(named("Log")) == sorted(events_logged())


# Figures


@pytest.fixture(scope="module")
def figures(shared: Core) -> Figures:
    """What a core tells after numbers, calls, a missed one, a refusal, a kiosk that came and printers that failed."""
    core = shared
    kiosk, spare = core.device(), core.device("test")
    address = f"{core.hall.replace('http', 'ws', 1)}/live?view=kiosk"
    with connect(address, additional_headers=kiosk), core.client(core.staff("teller")[0]) as teller:
        for headers in (kiosk, spare):
            assert httpx.post(f"{core.hall}/printer", json={"fault": "cover"}, headers=headers).is_success
        assert httpx.post(f"{core.hall}/help", headers=kiosk).is_success
        core.issue(CASH)
        core.issue(CASH)
        for verb in ("open", "call-next", "start", "finish", "call-next", "miss"):
            answer = teller.post(f"/windows/1/{verb}", json={} if verb == "finish" else None)
            assert answer.is_success, (verb, answer.text)
        assert teller.post("/windows/1/finish", json={}).status_code == 409
        asyncio.run(_deactivate(core, "test"))
        told = _until(
            core, 'queue_kiosk_connected{branch="zhongshan-road",kiosk="kiosk"} 1.0', 'fault="cover",kiosk="test"'
        )
    samples: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            samples.setdefault(sample.name, set()).update(sample.labels)
    assert 'queue_branch_tickets_total{branch="zhongshan-road",what="missed"} 1.0' in told
    assert 'queue_kiosk_printer_fault{branch="zhongshan-road",fault="cover",kiosk="kiosk"} 1.0' in told
    assert "queue_wait_seconds_count 2.0" in told
    assert 'queue_refusals_total{code="window.idle"} 1.0' in told
    return samples


async def _deactivate(core: Core, name: str) -> None:
    database = await Database.open(core.settings)
    identity = Identity(database, core.settings, PasswordHash.recommended())
    (device,) = [one for one in await identity.devices_listed(core.branch) if one.name == name]
    assert not isinstance(await identity.deactivate_device(device.id), AccountRefusal)
    identity.close()
    await database.close()


def _until(core: Core, present: str, absent: str) -> str:
    """The scrape, once it holds what has been written down, and nothing of the kiosk that was taken out of service."""
    deadline = time.monotonic() + SEEN_S_MAX
    while True:
        told = httpx.get(f"{core.base_url}/metrics").text
        if present in told and absent not in told:
            return told
        assert time.monotonic() < deadline, [line for line in told.splitlines() if "kiosk" in line]
        time.sleep(0.5)


def test_every_figure_is_explained(figures: Figures) -> None:
    parts = re.compile("_(bucket|sum|count)$")
    told = {parts.sub("", name) for name in figures if not name.startswith("process_")}
    assert sorted(set(named("Figures")) - {"process_*"}) == sorted(told)


def test_every_label_is_explained(figures: Figures) -> None:
    for name, kind, *_ in table("Figures"):
        whole = figures.get(name.strip("`")) or figures.get(f"{name.strip('`')}_bucket", set())
        assert set(kind.split(", ")[1:]) == whole - {"le"}, name


def expressions() -> Iterator[str]:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


def test_alarms_and_dashboard_ask_for_what_there_is(figures: Figures) -> None:
    """`instance` and `job` come from Prometheus itself, `up` too."""
    known = {**figures, "up": set[str]()}
    asked: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name in known, node.name
            asked.add(node.name)
            labels = {matcher.name for matcher in node.matchers.matchers}
            assert labels <= known[node.name] | {"job", "instance"}, (node.name, labels)

    for expression in expressions():
        promql_parser.walk(promql_parser.parse(expression), pre_visit=look)
    parts = re.compile("_(bucket|sum|count)$")
    unasked = {parts.sub("", name) for name in figures} - {parts.sub("", name) for name in asked}
    assert {name for name in unasked if name.startswith("queue_")} == set(), "each figure has its place"


def test_every_alarm_says_what_to_do() -> None:
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    assert named("Alarms") == [rule["alert"] for rule in rules]
    assert {rule["labels"]["severity"] for rule in rules} <= {"page", "ticket", "hall"}
    assert all(rule["annotations"]["summary"] for rule in rules)


# Readiness and settings


def test_every_check_and_code_is_explained() -> None:
    told = {(row[0].strip("`"), row[1].strip("`")) for row in table("Readiness")}
    codes = {code for _, code in told}
    made = set()
    for module in (health, infra_checks, journal_checks):
        made |= set(re.findall(r'"((?:check|database|disk|migrations|journal|clock)\.[a-z_]+)"', _source(module)))
    made -= {"check.changed", "check.broken"}
    assert codes - {"process.stopping"} == made
    assert all(f"problem.{code}" in locales.catalogue("en") for code in codes)


def test_every_setting_is_one() -> None:
    known = {f"{prefix}{name.upper()}" for prefix, kind in SETTINGS.items() for name in kind.model_fields}
    assert set(re.findall(r"\b(?:QUEUE|KIOSK|DISPLAY)_[A-Z_]+\b", TEXT)) <= known


def _source(module: Any) -> str:
    return Path(module.__file__).read_text("utf-8")
