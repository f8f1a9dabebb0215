"""`queue-display` as whoever installs it meets it."""

import os
import socket
import subprocess
import sys

import pytest

from queue_service.wire.locales import text

TOKEN = {"DISPLAY_TOKEN": "t" * 43}


def started(**variables: str) -> subprocess.CompletedProcess[str]:
    """The command with only these settings, in English, where it ends by itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISPLAY_", "LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-m", "display_client"],
        env={**kept, "LANG": "en_US.UTF-8", **variables},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORE_URL", "ftp://hall"),
        ("SHOWN_S_MIN", "9"),
        ("NOTICE_S", "soon"),
        ("VOLUME", "1.5"),
        ("LANGUAGES", "zh-CN,xx"),
        ("LANGUAGES", ","),
        ("PORT", "65536"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line_without_its_value(name: str, value: str) -> None:
    ended = started(**TOKEN, **{f"DISPLAY_{name}": value})
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"DISPLAY_{name}: ")
    assert value not in line or value == ","


def test_no_token_is_told() -> None:
    ended = started()
    assert (ended.returncode, ended.stderr.strip()) == (1, text("en", "display.token_missing"))


def test_a_token_file_that_is_not_there_is_told() -> None:
    ended = started(DISPLAY_TOKEN_FILE="nowhere/token")
    assert ended.returncode == 1
    assert "nowhere/token" in ended.stderr


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = started(**TOKEN, DISPLAY_PORT=str(port))
    assert ended.returncode == 1
    assert ended.stderr.strip() == text("en", "start.port_in_use", address=f"127.0.0.1:{port}")
    assert TOKEN["DISPLAY_TOKEN"] not in ended.stderr
