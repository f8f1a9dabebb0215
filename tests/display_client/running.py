"""A real display process for tests, following a real core."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core import Core
from tests.edge import Edge, running

__all__ = ["Display", "display", "display_of", "running"]


@dataclass
class Display(Edge):
    """A display process."""

    package = "display_client"


def display_of(core: Core, data_dir: Path, **more: str) -> Display:
    """A display of the core's branch that has not started."""
    (token,) = (device["token"] for device in core.access["devices"] if device["kind"] == "display")
    return Display(core.base_url, token, data_dir, more)


@pytest.fixture
def display(core_sqlite: Core, tmp_path: Path) -> Iterator[Display]:
    """The display of one test, following `core_sqlite`."""
    with running(display_of(core_sqlite, tmp_path / "display")) as started:
        yield started
