"""The README and CONTRIBUTING, followed to the letter in an empty folder by somebody who knows nothing else."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.browsing import CHROMIUM_ARGS
from tests.core import demo_port, free_port
from tests.documents.shell import Shell, blocks, lines, shell
from tests.simulate.logs import a_log, served

HERE = Path(__file__).parent.parent.parent
README = (HERE / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (HERE / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = ("## In three minutes", "## Run it")
SCREEN_MS_MAX = 60_000
PASSWORD = "correct horse battery"
BROWSER = f"""#!/bin/sh
exec /usr/bin/chromium --headless {" ".join(CHROMIUM_ARGS)} --timeout=8000 --dump-dom "$@" 2>/dev/null
"""
"""As a screen's browser, but without a screen: it tells what the page shows in the end."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone holds, in an empty folder."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HERE,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (HERE / name).exists() and not name.startswith("docs/pictures/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def typed(folder: Path) -> Iterator[Shell]:
    """A new user's terminal, which knows nothing of this test's Python."""
    port = demo_port()
    environment = {
        **{name: os.environ[name] for name in ("HOME", "LANG", "PIP_CACHE_DIR") if name in os.environ},
        "PATH": os.environ["PATH"].replace(f"{HERE}/.venv/bin:", ""),
        "LC_ALL": "en_GB.UTF-8",
        "PORT": str(port),
        "PIP_NO_COMPILE": "1",  # each module is compiled when it is first used
    }
    with shell(folder, environment, {"Password: ": PASSWORD, "Repeat for confirmation: ": PASSWORD}) as typed:
        yield typed


def test_a_new_user_holds_a_printed_ticket(folder: Path, typed: Shell) -> None:
    port = int(typed.run("echo $PORT"))
    (block,) = blocks(README, SECTIONS[0])
    *before, last = lines(block)
    for command in before:
        typed.run(command)
    kiosk, board = f"http://127.0.0.1:{port + 1}", f"http://127.0.0.1:{port + 2}"
    demo = typed.begin(last, lambda: all(map(_answers, (f"http://127.0.0.1:{port}/readyz", kiosk, board))))

    label = _touch_a_service(kiosk)
    assert list((folder / "var" / "demo" / "kiosk" / "printed").glob("ticket-*.png")), label
    assert (folder / "var" / "demo" / "access.json").stat().st_mode & 0o777 == 0o600
    typed.end(demo)


def test_an_installer_gets_a_hall_with_kiosk_printer_and_board(folder: Path, typed: Shell) -> None:
    core, kiosk, board, printer = free_port(), free_port(), free_port(), free_port()
    here = {
        "https://queue.example.org": f"http://127.0.0.1:{core}",
        "/etc/queue-service/": f"{folder}/",
        "tcp://192.168.1.50:9100": f"tcp://127.0.0.1:{printer}",
        "--port 9100": f"--port {printer}",
        "127.0.0.1:8002": f"127.0.0.1:{board}",
    }
    a_log(folder, served("09:00:00", "09:00:00", "09:05:00")).rename(folder / "LOG.csv")
    (folder / "bin").mkdir()
    (folder / "bin" / "chromium").write_text(BROWSER, encoding="utf-8")
    (folder / "bin" / "chromium").chmod(0o755)
    typed.run(f'export QUEUE_PORT={core} KIOSK_PORT={kiosk} DISPLAY_PORT={board} PATH="$PWD/bin:$PATH"')
    ready = {
        "queue-service serve": lambda: _answers(f"http://127.0.0.1:{core}/readyz"),
        "queue-kiosk": lambda: _answers(f"http://127.0.0.1:{kiosk}"),
        "queue-display": lambda: _answers(f"http://127.0.0.1:{board}"),
        "kiosk_client.printing.virtual": lambda: _listens(printer),
    }
    groups, seen = [], ""
    for written in (line for block in blocks(README, SECTIONS[1]) for line in lines(block)):
        command = _placed(written, here)
        runs = next((name for name in ready if name in command), None)
        if runs is not None:
            groups.append(typed.begin(command, ready[runs]))
            continue
        told = typed.run(command)
        if "device add" in command:
            kind = command.split("--kind ")[1].split()[0]
            (folder / f"{kind}.token").write_text(told.split()[-1], encoding="utf-8")
        if "chromium" in command:
            seen = told
    assert "board" in seen
    for group in reversed(groups):
        typed.end(group)


def test_a_contributor_adds_a_language(typed: Shell) -> None:
    (block,) = blocks(CONTRIBUTING, "## Add …")
    for command in lines(block):
        typed.run(_placed(command, {".venv/bin/python": sys.executable}))  # which has what tests need


def test_every_command_of_the_documents_is_one_of_these() -> None:
    assert README.count("```sh") == sum(len(blocks(README, section)) for section in SECTIONS)
    assert CONTRIBUTING.count("```sh") == 1


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def _placed(command: str, here: dict[str, str]) -> str:
    """A command with this machine's addresses instead of the document's."""
    for theirs, ours in here.items():
        command = command.replace(theirs, ours)
    return command


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _touch_a_service(kiosk: str) -> str:
    """A visitor's two taps; the number on the screen once its paper is there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1080, "height": 1920})
        page.set_default_timeout(SCREEN_MS_MAX)
        page.goto(kiosk)
        page.locator("[data-service]").first.click()
        label = page.locator(".number .label")
        page.locator('[data-class="normal"]').or_(label).first.wait_for()
        if not label.is_visible():
            page.locator('[data-class="normal"]').click()
        page.locator("img.paper, .paper img").first.wait_for()
        return label.inner_text()
