"""`queue-service demo` as a person starts and ends it."""

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

from tests.core import START_S_MAX, free_port


@contextmanager
def a_demo(data: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running demo in a process group of its own, and its port; ended by SIGTERM if the test did not."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "DATA": str(data), **variables}
    command = [sys.executable, "-m", "queue_service", "demo"]
    with subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.PIPE, text=True) as demo:
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
        assert {"home", "counter"} <= access["pages"].keys()
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
