"""What both edge clients do alike: they say what their start lacks, and know which device they are."""

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path

import pytest

from display_client.settings import Settings
from queue_service.wire.edge.device import Device, core_client, devices
from queue_service.wire.locales import text
from tests.core import Core
from tests.edge import PREFIXES, ended

TOKEN = "t" * 43
HEARD_S_MAX = 20


@pytest.fixture(params=sorted(PREFIXES))
def package(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORE_URL", "ftp://hall"),
        ("CORE_URL", "http://hall:70000"),
        ("LANGUAGES", "zh-CN,xx"),
        ("LANGUAGES", ","),
        ("LOG_LEVEL", "loud"),
        ("PORT", "65536"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line_without_its_value(
    package: str, name: str, value: str, tmp_path: Path
) -> None:
    (line,) = ended(package, tmp_path, TOKEN=TOKEN, **{name: value})
    assert line.startswith(f"{PREFIXES[package]}{name}: the value is not right. It should be ")
    assert value not in line or value == ","


def test_each_wrong_setting_has_its_line_in_the_language_of_the_terminal(package: str, tmp_path: Path) -> None:
    told = ended(package, tmp_path, terminal="zh_CN.UTF-8", TOKEN=TOKEN, CORE_URL="hall", PORT="x")
    rules = text("zh-CN", "setting.address"), "整数，不小于 0，不大于 65535"
    assert told == [
        text("zh-CN", "setting.wrong_unshown", name=f"{PREFIXES[package]}{name}", rule=rule)
        for name, rule in zip(("CORE_URL", "PORT"), rules, strict=True)
    ]


@pytest.mark.parametrize("given", [{}, {"TOKEN": " "}, {"TOKEN": "令牌"}])
def test_no_token_that_can_be_sent_is_told(package: str, given: dict[str, str], tmp_path: Path) -> None:
    prefix = PREFIXES[package]
    missing = text("en", "edge.token_missing", token=f"{prefix}TOKEN", file=f"{prefix}TOKEN_FILE")
    assert ended(package, tmp_path, **given) == [missing]


def test_an_empty_token_file_is_told(package: str, tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    (line,) = ended(package, tmp_path, TOKEN_FILE=str(tmp_path / "token"))
    assert f"{PREFIXES[package]}TOKEN_FILE" in line


def test_a_token_file_that_is_not_there_is_told(package: str, tmp_path: Path) -> None:
    (line,) = ended(package, tmp_path, TOKEN_FILE="nowhere/token")
    assert "nowhere/token" in line


def test_a_port_in_use_is_told(package: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = ended(package, tmp_path, TOKEN=TOKEN, PORT=str(port))
    assert told == [text("en", "start.port_in_use", address=f"127.0.0.1:{port}")]


def test_an_address_of_another_machine_is_told(package: str, tmp_path: Path) -> None:
    (line,) = ended(package, tmp_path, TOKEN=TOKEN, HOST="192.0.2.1", PORT="0")
    assert line.startswith("Cannot listen on 192.0.2.1:0: ")
    assert f"{PREFIXES[package]}HOST" in line


async def test_a_device_is_remembered_and_moved_by_the_core(core_sqlite: Core, tmp_path: Path) -> None:
    (kiosk,) = (device for device in core_sqlite.access["devices"] if device["name"] == "kiosk")
    first, refusals = await heard(core_sqlite.base_url, kiosk["token"], tmp_path)
    assert (first[0].name, first[0].branch, refusals) == ("kiosk", core_sqlite.branch, [None])

    path = tmp_path / "device.json"
    path.write_text(path.read_text("utf-8").replace(core_sqlite.branch, "elsewhere"), encoding="utf-8")
    moved, _ = await heard(core_sqlite.base_url, kiosk["token"], tmp_path, count=2)
    assert [device.branch for device in moved] == ["elsewhere", core_sqlite.branch]

    core_sqlite.stop()
    assert (await heard(core_sqlite.base_url, kiosk["token"], tmp_path))[0] == first


async def test_a_refusal_is_told_and_what_is_remembered_stays(core_sqlite: Core, tmp_path: Path) -> None:
    (tmp_path / "device.json").write_text("[1]", encoding="utf-8")
    devices_heard, refusals = await heard(core_sqlite.base_url, TOKEN, tmp_path, until_refused=True)
    assert (devices_heard, refusals) == ([], [401])
    assert (tmp_path / "device.json").read_text("utf-8") == "[1]"


async def heard(
    core_url: str, token: str, folder: Path, *, count: int = 1, until_refused: bool = False
) -> tuple[list[Device], list[int | None]]:
    """The first `count` devices told, and what was said of refusals up to then."""
    told: list[Device] = []
    refusals: list[int | None] = []
    is_refused = asyncio.Event()

    def hear(status: int | None) -> None:
        refusals.append(status)
        if status is not None:
            is_refused.set()

    async def listen() -> None:
        async with core_client(settings, token) as client, aclosing(devices(client, folder, on_refusal=hear)) as known:
            async for device in known:
                told.append(device)
                if len(told) == count:
                    return

    settings = Settings(core_url=core_url, data_dir=folder)
    async with asyncio.timeout(HEARD_S_MAX):
        listening = asyncio.ensure_future(listen())
        if until_refused:
            await is_refused.wait()
            listening.cancel()
            await asyncio.wait([listening])
        else:
            await listening
    return told, refusals
