"""A real kiosk process for tests, with a virtual printer, at a real core."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core import Core
from tests.edge import Edge, running

__all__ = ["Kiosk", "kiosk", "kiosk_of", "running"]


@dataclass
class Kiosk(Edge):
    """A kiosk process."""

    package = "kiosk_client"

    @property
    def printed(self) -> list[Path]:
        """The pictures of the papers that came out, oldest first."""
        return sorted((self.data_dir / "printed").glob("ticket-*.png"))

    def play(self, fault: str) -> None:
        """The virtual printer has this fault from now on; empty: none."""
        folder = self.data_dir / "printed"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "fault.new"
        draft.write_text(fault, encoding="utf-8")
        draft.replace(folder / "fault")

    def intents(self) -> list[str]:
        """The states of all intents, oldest first."""
        with closing(sqlite3.connect(self.data_dir / "intents.sqlite")) as rows:
            return [state for (state,) in rows.execute("SELECT state FROM intents ORDER BY asked_at, key")]


def kiosk_of(core: Core, data_dir: Path, *, core_url: str | None = None, **more: str) -> Kiosk:
    """The kiosk of the core's branch, not started; `core_url`: where it finds the core, if not at its own address."""
    (token,) = (device["token"] for device in core.access["devices"] if device["name"] == "kiosk")
    return Kiosk(core_url or core.base_url, token, data_dir, more)


@pytest.fixture
def kiosk(core_sqlite: Core, tmp_path: Path) -> Iterator[Kiosk]:
    """The kiosk of one test, at `core_sqlite`."""
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk")) as started:
        yield started


@pytest.fixture
def patient_kiosk(core_sqlite: Core, tmp_path: Path) -> Iterator[Kiosk]:
    """One that takes no touch for a part of the last wish, for a test whose visitors are quick."""
    with running(kiosk_of(core_sqlite, tmp_path / "kiosk", KIOSK_SETTLE_S="0")) as started:
        yield started
