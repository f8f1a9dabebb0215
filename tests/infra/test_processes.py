"""The supervisor of several processes, when any of them ends."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE
from typing import Any

from queue_service.infra.processes import RESTART_S_FIRST
from tests.infra.splitting import BEAT_S, UNABLE_STATUS

WAIT_S_MAX = 60
COUNT = 3
SILENT_S_MAX = 3


@contextmanager
def split(manner: str, stop_s_max: float = WAIT_S_MAX, silent_s_max: float = WAIT_S_MAX) -> Iterator["Family"]:
    """Three processes in a group of their own under a supervisor."""
    words = [str(COUNT), str(stop_s_max), str(silent_s_max), manner]
    command = [sys.executable, "-m", "tests.infra.splitting", *words]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True) as supervisor:
        family = Family(supervisor)
        try:
            yield family
        finally:
            if supervisor.poll() is None:
                os.killpg(supervisor.pid, signal.SIGKILL)


class Family:
    """A supervisor and the processes that it has started last, by number."""

    def __init__(self, supervisor: "subprocess.Popen[str]") -> None:
        self.supervisor = supervisor
        self.pids: dict[int, int] = {}

    def read(self, count: int) -> None:
        """Hears of so many starts."""
        assert self.supervisor.stdout is not None
        for _ in range(count):
            number, pid = map(int, self.supervisor.stdout.readline().split())
            self.pids[number] = pid

    def until_told(self, event: str) -> None:
        """Waits for a line of the supervisor's log; what came before it is not told at the end."""
        assert self.supervisor.stderr is not None
        while json.loads(self.supervisor.stderr.readline())["event"] != event:
            pass

    def ended(self) -> tuple[int, dict[str, list[Any]]]:
        """Exit status, and the supervisor's log by event, once all have ended."""
        _, log = self.supervisor.communicate(timeout=WAIT_S_MAX)
        assert not any(map(is_running, self.pids.values()))
        events: dict[str, list[Any]] = {}
        for line in map(json.loads, log.splitlines()):
            events.setdefault(line["event"], []).append(line)
        return self.supervisor.returncode, events


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_is_started_again_under_its_number_and_a_stop_ends_all_in_order() -> None:
    with split("steady") as family:
        family.read(COUNT)
        assert sorted(family.pids) == list(range(COUNT))
        before = dict(family.pids)
        for _ in range(2):  # the second time after a longer pause
            os.kill(family.pids[1], signal.SIGKILL)
            family.read(1)
        assert {number for number, pid in family.pids.items() if pid != before[number]} == {1}
        os.kill(family.supervisor.pid, signal.SIGTERM)
        status, log = family.ended()
    assert status == 0
    assert [(line["process"], line["status"]) for line in log["process.ended"]] == [(1, -signal.SIGKILL)] * 2
    assert [line["again_in_s"] for line in log["process.ended"]] == [RESTART_S_FIRST, 2 * RESTART_S_FIRST]


def test_a_signal_to_the_whole_group_ends_all_in_order() -> None:
    with split("steady") as family:
        family.read(COUNT)
        os.killpg(family.supervisor.pid, signal.SIGTERM)
        assert family.ended()[0] == 0


def test_a_process_that_cannot_start_ends_the_whole_with_its_status() -> None:
    with split("unable") as family:
        status, log = family.ended()
    assert status == UNABLE_STATUS
    assert [line["process"] for line in log["process.cannot_start"]] == [1]


def test_a_process_that_does_not_stop_is_killed() -> None:
    with split("deaf", stop_s_max=3) as family:
        family.read(COUNT)
        os.kill(family.supervisor.pid, signal.SIGINT)
        status, log = family.ended()
    assert status == 1
    assert [line["process"] for line in log["process.killed"]] == [1]


def test_a_process_that_hangs_is_killed_and_replaced_and_a_slow_start_is_none() -> None:
    with split("slow", silent_s_max=SILENT_S_MAX) as family:
        family.read(COUNT)
        hanging = family.pids[2]
        os.kill(hanging, signal.SIGSTOP)
        family.read(1)
        assert family.pids[2] != hanging
        os.kill(family.supervisor.pid, signal.SIGTERM)
        status, log = family.ended()
    assert status == 0
    assert [(line["process"], line["pid"]) for line in log["process.hangs"]] == [(2, hanging)]
    assert [(line["process"], line["status"]) for line in log["process.ended"]] == [(2, -signal.SIGKILL)]


def test_where_all_were_stopped_for_a_while_none_hangs() -> None:
    with split("steady", silent_s_max=SILENT_S_MAX) as family:
        family.read(COUNT)
        for pid in family.pids.values():
            os.kill(pid, signal.SIGSTOP)
        time.sleep(3 * BEAT_S)  # and it has heard all beats until then
        os.kill(family.supervisor.pid, signal.SIGSTOP)
        time.sleep(SILENT_S_MAX)
        os.kill(family.supervisor.pid, signal.SIGCONT)
        time.sleep(2 * BEAT_S)  # it listens before the others have beaten again
        os.killpg(family.supervisor.pid, signal.SIGCONT)
        os.kill(family.supervisor.pid, signal.SIGTERM)
        status, log = family.ended()
    assert status == 0
    assert "process.hangs" not in log


def test_where_the_system_has_no_room_for_a_process_it_is_started_later() -> None:
    with split("steady") as family:
        family.read(COUNT)
        former = family.pids[1]
        limits = resource.prlimit(family.supervisor.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(family.supervisor.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
        os.kill(former, signal.SIGKILL)
        family.until_told("process.cannot_fork")
        resource.prlimit(family.supervisor.pid, resource.RLIMIT_NOFILE, limits)
        family.read(1)
        assert family.pids[1] != former
        os.kill(family.supervisor.pid, signal.SIGTERM)
        assert family.ended()[0] == 0


def test_no_process_outlives_a_killed_supervisor() -> None:
    with split("steady") as family:
        family.read(COUNT)
        os.kill(family.supervisor.pid, signal.SIGKILL)
        assert family.supervisor.stdout is not None
        rest = family.supervisor.stdout.read()  # to the end: until the last of them has closed it
        assert sorted(rest.splitlines()) == [f"orphan {number}" for number in range(COUNT)]
        deadline_s = time.monotonic() + WAIT_S_MAX
        while any(map(is_running, family.pids.values())):
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
