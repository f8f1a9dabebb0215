"""Commands of a document, as somebody types them: one real shell in a terminal, one line after another."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect

PROMPT = "typed-next> "
COMMAND_S_MAX = 240
READY_S_MAX = 120
STOP_S_MAX = 40


def blocks(text: str, heading: str) -> list[str]:
    """The shell blocks of one section of a document, up to the next heading of its rank or above."""
    rank = re.match("#+", heading)
    assert rank is not None
    start = text.index(f"\n{heading}\n") + 1
    end = re.compile(rf"^#{{1,{len(rank[0])}}} ", re.MULTILINE).search(text, start + len(heading))
    return re.findall(r"```sh\n(.*?)```", text[start : end.start() if end else None], re.DOTALL)


def lines(block: str) -> list[str]:
    """The commands of a block: lines that a backslash continues are one."""
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class Shell:
    """A shell in `folder`. `answers`: what is typed when a program asks something, by what it asks."""

    def __init__(self, folder: Path, environment: Mapping[str, str], answers: Mapping[str, str]) -> None:
        self._answers = dict(answers)
        self._child = pexpect.spawn(
            "/bin/bash",
            ["--norc", "--noprofile", "-i"],
            cwd=folder,
            env={**environment, "PS1": PROMPT, "TERM": "dumb", "PROMPT_COMMAND": "", "VIRTUAL_ENV_DISABLE_PROMPT": "1"},
            encoding="utf-8",
            echo=False,
            timeout=COMMAND_S_MAX,
            dimensions=(50, 400),
        )
        self._child.expect_exact(PROMPT)
        self.run("bind 'set enable-bracketed-paste off'; set -o pipefail")
        self._groups: list[int] = []

    def run(self, command: str) -> str:
        """Types a command and waits for its end; gives back what it wrote. A failing one fails the test."""
        written = self._type(command)
        status = self._type("echo status=$?").strip()
        assert status == "status=0", f"{command}\n{written}"
        return written

    def begin(self, command: str, is_ready: Callable[[], bool]) -> int:
        """Types a command that runs until it is stopped, and waits until it is ready; its process group."""
        log = f"job-{len(self._groups)}.log"
        self._type(f"{{ {command} ; }} > {log} 2>&1 &")
        group = int(self._type("echo $!"))
        self._groups.append(group)
        deadline = time.monotonic() + READY_S_MAX
        while not is_ready():
            assert time.monotonic() < deadline, f"{command}\n{self.run(f'cat {log}')}"
            assert _lives(group), f"{command}\n{self.run(f'cat {log}')}"
            time.sleep(0.2)
        return group

    def end(self, group: int) -> None:
        """Stops what `begin` began, as a terminal does, and waits until nothing of it is left."""
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S_MAX
        while _lives(group):
            assert time.monotonic() < deadline, "it did not stop"
            time.sleep(0.1)

    def close(self) -> None:
        """Ends the shell and all that it began."""
        for group in filter(_lives, self._groups):
            os.killpg(group, signal.SIGKILL)
        self._child.close(force=True)

    def _type(self, command: str) -> str:
        self._child.sendline(command)
        written = ""
        while True:
            asked = self._child.expect_exact([PROMPT, *self._answers])
            written += self._child.before or ""
            if asked == 0:
                return written
            self._child.sendline(self._answers[list(self._answers)[asked - 1]])


@contextmanager
def shell(folder: Path, environment: Mapping[str, str], answers: Mapping[str, str]) -> Iterator[Shell]:
    """A shell that is closed at the end, whatever happens."""
    opened = Shell(folder, environment, answers)
    try:
        yield opened
    finally:
        opened.close()


def _lives(group: int) -> bool:
    """Whether a process of the group is there that has not ended."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            return True
    return False
