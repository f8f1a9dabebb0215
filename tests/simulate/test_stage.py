"""`queue-service demo` as a person starts and ends it."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from queue_service.catalog.service import Catalog
from queue_service.infra.database import Database
from queue_service.settings import Settings
from queue_service.simulate.stage import set_stage
from tests.core import QUICK, START_S_MAX, demo_port
from tests.programs import ran


@contextmanager
def a_demo(data: Path, stderr: int | None = None, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running demo in a process group of its own, and its port; ended by SIGTERM if the test did not."""
    port = demo_port()
    environment = {**os.environ, "LC_ALL": "en_GB.UTF-8", "PORT": str(port), "DATA": str(data), **variables}
    command = [sys.executable, "-m", "queue_service", "demo"]
    with subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as demo:
        try:
            assert demo.stdout is not None
            deadline = time.monotonic() + START_S_MAX
            while "accounts" not in demo.stdout.readline():
                assert demo.poll() is None and time.monotonic() < deadline, "the demo did not come up"
            yield demo, port
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGKILL)


def group_is_gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


def told(data: Path) -> dict[str, Any]:
    access: dict[str, Any] = json.loads((data / "access.json").read_text("utf-8"))
    return access


def test_the_first_start_makes_everything_and_sigterm_ends_all(tmp_path: Path) -> None:
    with a_demo(tmp_path, VISITORS="0") as (demo, port):
        access = told(tmp_path)
        assert stat.S_IMODE((tmp_path / "access.json").stat().st_mode) == 0o600
        assert access["base_url"] == f"http://127.0.0.1:{port}"
        assert access["pages"].keys() == {"home", "counter", "guide", "manager", "kiosk", "display"}
        for name, address in access["pages"].items():
            assert httpx.get(address).status_code == 200, name
        roles = [member["role"] for member in access["staff"]]
        board = httpx.get(f"{access['base_url']}/api/v1/branches/{access['branch']}/board").json()
        fixed = [window["number"] for window in board["windows"] if not window["roaming"]]
        assert [member["window"] for member in access["staff"] if member["role"] == "teller"] == fixed
        assert {role: roles.count(role) for role in ("manager", "greeter", "admin")} == {
            "manager": 1,
            "greeter": 1,
            "admin": 1,
        }
        assert [(device["kind"], device["name"]) for device in access["devices"]] == [
            ("kiosk", "kiosk"),
            ("display", "display"),
            ("kiosk", "test"),
        ]
        assert len({member["password"] for member in access["staff"]}) == len(access["staff"])
        assert {window["state"] for window in board["windows"]} == {"closed"}
        assert all(service["open"] for service in board["services"])
        in_use = failed(tmp_path / "new", PORT=str(port))
        assert in_use.startswith("The port is in use: ") and in_use.count("\n") == 1
        in_use = failed(tmp_path, PORT=str(demo_port()), QUEUE_DATABASE_WAIT_S_MAX="0.1")
        assert in_use.startswith("Another process is using the data: ") and in_use.count("\n") == 1
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(20) == 0
        assert group_is_gone(demo.pid)


def test_a_later_start_keeps_accounts_and_closes_what_a_cut_left_open(tmp_path: Path) -> None:
    with a_demo(tmp_path) as (demo, _):
        access = told(tmp_path)
        board = f"{access['base_url']}/api/v1/branches/{access['branch']}/board"
        deadline = time.monotonic() + 20
        while not any(window["state"] == "busy" for window in httpx.get(board).json()["windows"]):
            assert time.monotonic() < deadline, "nobody is served"
            time.sleep(0.1)
        os.killpg(demo.pid, signal.SIGKILL)
        demo.wait(10)
    with a_demo(tmp_path, VISITORS="0"):
        again = told(tmp_path)
        assert [again["staff"], again["devices"]] == [access["staff"], access["devices"]]
        windows = httpx.get(f"{again['base_url']}/api/v1/branches/{again['branch']}/board").json()["windows"]
        assert {window["state"] for window in windows} == {"closed"}
        assert any(window["serving"] for window in windows), "a closed window keeps its ticket"


def failed(data: Path, **variables: str) -> str:
    """What a demo says that cannot start."""
    environment = {**os.environ, "LC_ALL": "en_GB.UTF-8", "DATA": str(data), **variables}
    demo = ran("queue_service", "demo", env=environment, timeout_s=START_S_MAX)
    assert (demo.returncode, demo.stdout) == (1, ""), demo.stderr
    return demo.stderr


@pytest.mark.parametrize(
    "variables", [{"PORT": "abc"}, {"PORT": "0"}, {"PORT": "70000"}, {"VISITORS": "no"}, {"DEMO_HOURS": "reel"}]
)
def test_a_variable_that_is_not_understood_is_one_line(tmp_path: Path, variables: dict[str, str]) -> None:
    told = failed(tmp_path / "new", **variables)
    assert told.startswith(f"{next(iter(variables))} should be") and told.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_part_that_dies_is_one_line(tmp_path: Path) -> None:
    variables = {"VISITORS": "0", "QUEUE_LOG_LEVEL": "error", "KIOSK_LOG_LEVEL": "error"}
    with a_demo(tmp_path, stderr=subprocess.PIPE, **variables) as (demo, _):
        children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text("ascii").split()
        (part,) = (
            pid for pid in children if b"display_client" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        )
        os.kill(int(part), signal.SIGKILL)
        _, told = demo.communicate(timeout=20)
        assert demo.returncode == 1
        assert "The display has ended (exit status -9), and the demo with it.\n" in told
        assert group_is_gone(demo.pid)


def test_other_hours_apply_at_once_and_are_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None)
    asyncio.run(set_stage(settings, QUICK, has_real_hours=False))
    with a_demo(tmp_path, VISITORS="0", DEMO_HOURS="real", stderr=subprocess.PIPE) as (demo, port):
        week = httpx.get(f"http://127.0.0.1:{port}/api/v1/branches/zhongshan-road").json()["hours"]
        demo.send_signal(signal.SIGTERM)
        _, told = demo.communicate(timeout=20)
    assert len({(opening["numbers_from"], opening["last_number"]) for opening in week}) > 1
    assert told.count("\n") == 2, told
    asyncio.run(set_stage(settings, QUICK, has_real_hours=False))
    assert asyncio.run(_are_always_open(settings))


async def _are_always_open(settings: Settings) -> bool:
    database = await Database.open(settings)
    try:
        halls = (await Catalog.open(database)).branches()
    finally:
        await database.close()
    return all(hall.hours.is_around_the_clock for hall in halls)
