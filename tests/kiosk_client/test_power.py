"""The kiosk's power cut at each state of an intent: no second number, and nobody absent is called."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.core import Core
from tests.kiosk_client.proxy import between
from tests.kiosk_client.running import Kiosk, kiosk_of, running
from tests.kiosk_client.screen import issued_all, post, waiting

WISH: dict[str, Any] = {"id": "a" * 32, "legs": ["fast"], "class": "normal", "language": "zh-CN"}
WAIT_S_MAX = 40


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not holds():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def cut_and_start(kiosk: Kiosk) -> None:
    kiosk.stop(signal.SIGKILL)
    kiosk.start()


def test_asked_and_the_core_has_never_heard_of_it(core_sqlite: Core, tmp_path: Path) -> None:
    with (
        between(core_sqlite.base_url, b"/tickets HTTP") as proxy,
        running(kiosk_of(core_sqlite, tmp_path / "kiosk", core_url=proxy.url)) as kiosk,
    ):
        proxy.is_held = True
        post(kiosk, "/intents", WISH)
        until(lambda: proxy.seen > 0)
        assert kiosk.intents() == ["asked"]
        cut_and_start(kiosk)
        until(lambda: kiosk.intents() == ["void"])
        assert waiting(core_sqlite) == []
        late = core_sqlite.device() | {"Idempotency-Key": WISH["id"]}
        with core_sqlite.client() as client:
            body = {"legs": WISH["legs"], "class": WISH["class"], "language": WISH["language"]}
            assert client.post("/tickets", json=body, headers=late).status_code == 422
        assert issued_all(core_sqlite, "fast") == 0


def test_asked_and_the_answer_was_lost(core_sqlite: Core, tmp_path: Path) -> None:
    with (
        between(core_sqlite.base_url, b"/tickets HTTP") as proxy,
        running(kiosk_of(core_sqlite, tmp_path / "kiosk", core_url=proxy.url)) as kiosk,
    ):
        proxy.answers_lost = 1000
        post(kiosk, "/intents", WISH)
        until(lambda: waiting(core_sqlite) == ["K001"])
        assert kiosk.intents() == ["asked"]
        cut_and_start(kiosk)
        until(lambda: kiosk.intents() == ["void"])
        assert waiting(core_sqlite) == []
        assert post(kiosk, "/intents", WISH).json() == {"begun": "known"}
        assert issued_all(core_sqlite, "fast") == 1


def test_issued_but_not_on_paper(core_sqlite: Core, kiosk: Kiosk) -> None:
    kiosk.play("stuck")  # takes all, prints nothing, and says for long that all is well
    post(kiosk, "/intents", WISH)
    until(lambda: waiting(core_sqlite) == ["K001"])
    until(lambda: kiosk.intents() == ["issued"])
    cut_and_start(kiosk)
    until(lambda: kiosk.intents() == ["void"])
    assert waiting(core_sqlite) == []


def test_shown_to_be_photographed(core_sqlite: Core, kiosk: Kiosk) -> None:
    kiosk.play("paper_out")
    post(kiosk, "/intents", WISH)
    until(lambda: kiosk.intents() == ["shown"])
    cut_and_start(kiosk)
    assert kiosk.intents() == ["shown"]
    assert waiting(core_sqlite) == ["K001"]


def test_on_paper(core_sqlite: Core, kiosk: Kiosk) -> None:
    post(kiosk, "/intents", WISH)
    until(lambda: kiosk.intents() == ["confirmed"])
    cut_and_start(kiosk)
    assert post(kiosk, "/intents", WISH).json() == {"begun": "known"}
    assert kiosk.intents() == ["confirmed"]
    assert waiting(core_sqlite) == ["K001"]
    assert len(kiosk.printed) == 1


def test_abandoned_while_the_core_is_away(core_sqlite: Core, kiosk: Kiosk) -> None:
    core_sqlite.stop()
    post(kiosk, "/intents", WISH)
    post(kiosk, f"/intents/{WISH['id']}/leave", {})
    assert kiosk.intents() == ["abandoned"]
    cut_and_start(kiosk)
    core_sqlite.start()
    until(lambda: kiosk.intents() == ["void"])
    assert issued_all(core_sqlite, "fast") == 0
