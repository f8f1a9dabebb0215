"""Clients of former releases at the present core: by their contract, and as the processes that they were.

`released/` keeps what a release was: `<release>.openapi.json.gz`, its description, and `<release>.clients.tar.xz`, the
code of its kiosk and display with what they import of the core's package. A release adds its own when it is made:

    git show <tag>:docs/openapi.json | gzip -9n > tests/contract/released/<release>.openapi.json.gz
    git archive <tag> LICENSE kiosk_client display_client queue_service/__init__.py queue_service/hall \\
        queue_service/locales queue_service/web/shared queue_service/web/vendor queue_service/wire \\
        | xz -9e > tests/contract/released/<release>.clients.tar.xz
"""

import gzip
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.contract.compatible import broken
from tests.contract.hall import serve_a_hall
from tests.core import Core

RELEASED = Path(__file__).with_name("released")
DESCRIBED = sorted(RELEASED.glob("*.openapi.json.gz"))
RUNNING = sorted(RELEASED.glob("*.clients.tar.xz"))
PRESENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))

MEANT: Mapping[str, str] = {
    "get /readyz: answer.*: anything, not string": "probes read the status; what stands in the body is for people",
    **{
        f"{place}: {kind!r} is new": "only staff's pages read alerts, and pages come with the core"
        for kind in ("over_target", "idle_window", "printer")
        for place in (
            "post /api/v1/branches/{branch}/help: answer.kind",
            "post /api/v1/branches/{branch}/alerts/{alert}/take: answer.kind",
            "get /api/v1/branches/{branch}/floor: answer.alerts[].kind",
        )
    },
    **{
        f"socket {path}.view: 'kiosk' is new": "nobody gets this view who does not ask for it"
        for path in ("/api/v1/branches/{branch}/live", "/api/v1/tickets/{token}/live")
    },
}
"""What the checker finds that breaks nobody, and why."""


@pytest.mark.parametrize("path", DESCRIBED, ids=lambda path: path.name.removesuffix(".openapi.json.gz"))
def test_the_contract_serves_the_clients_of_a_former_release(path: Path) -> None:
    former = json.loads(gzip.decompress(path.read_bytes()))
    assert [fault for fault in broken(former, PRESENT) if fault not in MEANT] == []


def test_nothing_is_excused_that_is_not_so() -> None:
    found = {fault for path in DESCRIBED for fault in broken(json.loads(gzip.decompress(path.read_bytes())), PRESENT)}
    assert found >= MEANT.keys()


@pytest.mark.parametrize("archive", RUNNING, ids=lambda path: path.name.removesuffix(".clients.tar.xz"))
def test_the_kiosk_and_the_board_of_a_former_release_serve_a_hall(
    archive: Path, core_sqlite: Core, tmp_path: Path
) -> None:
    with tarfile.open(archive) as code:
        code.extractall(tmp_path / "code", filter="data")
    release = archive.name.removesuffix(".clients.tar.xz")
    serve_a_hall(core_sqlite, core_sqlite.base_url, tmp_path, release, code=tmp_path / "code")
