"""What greeters want printed at a kiosk: on paper once, whatever fails between, or somebody is called."""

import asyncio
from pathlib import Path

import pytest

from kiosk_client.core import Core as CoreClient
from kiosk_client.printing.printer import Fault, Printed, PrintFailed
from kiosk_client.prints import TRIES_MAX, Prints
from kiosk_client.settings import Settings
from kiosk_client.visits import Ticket
from tests.core import Core
from tests.kiosk_client.proxy import between
from tests.kiosk_client.running import Kiosk, kiosk_of, running
from tests.kiosk_client.screen import floor
from tests.kiosk_client.test_power import until


def ask_print(core: Core) -> str:
    """A greeter gives somebody a number and wants it printed at the kiosk; the print."""
    with core.client(core.staff("greeter")[0]) as client:
        ticket = client.post("/tickets", json={"service": "fast"}).raise_for_status().json()
        answer = client.post(f"/tickets/{ticket['id']}/print", json={"kiosk": "kiosk"}).raise_for_status()
        return str(answer.json()["id"])


def test_greeters_print_here(core_sqlite: Core, kiosk: Kiosk) -> None:
    ask_print(core_sqlite)
    until(lambda: len(kiosk.printed) == 1)
    assert floor(core_sqlite)["prints"] == []


def test_a_lost_answer_loses_no_print(core_sqlite: Core, tmp_path: Path) -> None:
    with (
        between(core_sqlite.base_url, b"/take HTTP") as proxy,
        running(kiosk_of(core_sqlite, tmp_path / "kiosk", core_url=proxy.url)) as kiosk,
    ):
        proxy.answers_lost = 2
        ask_print(core_sqlite)
        until(lambda: len(kiosk.printed) == 1)
        assert proxy.seen == 3


def test_a_print_that_broke_off_comes_out_once_the_printer_is_well(core_sqlite: Core, kiosk: Kiosk) -> None:
    kiosk.play("power 300")
    ask_print(core_sqlite)
    until(lambda: [alert["fault"] for alert in floor(core_sqlite)["alerts"]] == ["offline"])
    assert kiosk.printed == []
    kiosk.play("")
    until(lambda: len(kiosk.printed) == 1)
    until(lambda: floor(core_sqlite)["alerts"] == [])


@pytest.mark.parametrize("bytes_sent", [0, 300])
async def test_calls_somebody_when_it_does_not_come_out(core_sqlite: Core, bytes_sent: int) -> None:
    print_id = await asyncio.to_thread(ask_print, core_sqlite)
    pending = [print_id]
    copies: list[bool] = []
    called = asyncio.Event()

    async def fail(ticket: Ticket, is_copy: bool) -> Printed:
        assert ticket["label"] == "K001"
        pending.clear()
        copies.append(is_copy)
        raise PrintFailed(Fault.FAILED, bytes_sent)

    async def call() -> None:
        called.set()

    settings = Settings(core_url=core_sqlite.base_url, printer_look_s=0.05)
    core = CoreClient(settings, kiosk_of(core_sqlite, Path()).token)
    prints = Prints(
        settings=settings,
        core=core,
        branch=lambda: str(floor_branch),
        next_print=lambda: pending[0] if pending else None,
        is_ready=lambda: True,
        print_ticket=fail,
        call_greeter=call,
    )
    floor_branch = (await asyncio.to_thread(floor, core_sqlite))["branch"]["id"]
    running_prints = asyncio.ensure_future(prints.run())
    try:
        async with asyncio.timeout(20):
            await called.wait()
    finally:
        running_prints.cancel()
        await core.close()
    assert copies == [False, *[bytes_sent > 0] * (TRIES_MAX - 1)]
