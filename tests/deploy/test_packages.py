"""The wheel and the sdist are whole; a kiosk has no more than it needs, and says so where it is asked for more."""

import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.core import free_port
from tests.deploy.containerfile import ROOT, Image

PACKAGES = ("queue_service", "kiosk_client", "display_client")
KINDS = ("core", "kiosk", "display")
CORES_ALONE = {"sqlalchemy", "alembic", "asyncpg", "aiosqlite", "fastapi", "pwdlib", "argon2", "uvloop", "yaml"}
START_S_MAX = 90
STOP_S_MAX = 30
pytestmark = pytest.mark.xdist_group("image")  # or one process would wait for the other to build it


@pytest.fixture(scope="module")
def wheel(image: Image) -> Path:
    (wheel,) = (image.folder / "source" / "dist").glob("*.whl")
    return wheel


def test_the_wheel_holds_all_that_the_programs_read(image: Image, wheel: Path, tmp_path: Path) -> None:
    held = _members(wheel)
    files = {path.relative_to(image.context) for path in image.context.rglob("*") if path.is_file()}
    read = {str(path) for path in files if path.parts[0] in PACKAGES}
    read |= {f"queue_service/{path}" for path in files if path.parts[0] == "migrations"}
    assert read == {path for path in held if not path.partition("/")[0].endswith(".dist-info")}
    assert any(path.endswith("licenses/LICENSE") for path in held)
    assert "queue_service/web/vendor/LICENSE.preact" in held

    # The sdist alone makes the same wheel.
    _hatch("-t", "sdist", "-d", str(tmp_path), cwd=ROOT)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    _hatch("-t", "wheel", "-d", str(tmp_path), cwd=tmp_path / sdist.name.removesuffix(".tar.gz"))
    assert _members(tmp_path / wheel.name) == held


def _hatch(*words: str, cwd: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", *words], cwd=cwd, check=True, capture_output=True)


def _members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_kiosk_installs_without_the_cores_packages(wheel: Path, tmp_path: Path) -> None:
    venv, lock = tmp_path / "venv", ROOT / "deploy" / "locks" / "kiosk.lock"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(venv / "bin" / "python")]
    subprocess.run([*pip, "install", "--no-compile", "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "install", "--no-compile", "--no-deps", "--no-index", wheel], check=True)
    subprocess.run([*pip, "check"], check=True)
    (installed,) = venv.glob("lib/*/site-packages")
    assert {path.name for path in installed.iterdir()}.isdisjoint(CORES_ALONE)

    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("QUEUE_", "KIOSK_"))}
    core = subprocess.run(
        [venv / "bin" / "queue-service", "serve"],
        env=surroundings | {"LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert core.returncode == 1
    (line,) = core.stderr.splitlines()
    assert re.fullmatch(r"The package \w+ is missing\. .*\[core\]\"", line), line

    port = free_port()
    settings = {"KIOSK_TOKEN": "none", "KIOSK_PORT": str(port), "KIOSK_DATA_DIR": str(tmp_path / "data")}
    kiosk = subprocess.Popen(
        [venv / "bin" / "queue-kiosk"],
        env=surroundings | settings | {"KIOSK_CORE_URL": "http://127.0.0.1:9"},
        stderr=subprocess.DEVNULL,
    )
    try:
        probe = [venv / "bin" / "python", "-m", "queue_service.wire.probe", f"http://127.0.0.1:{port}/healthz"]
        waited = time.monotonic()
        subprocess.run([*probe, str(START_S_MAX)], check=True)
        assert time.monotonic() - waited < START_S_MAX
        page = httpx.get(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"}, timeout=30)
        assert 'id="page"' in page.text or "kiosk/kiosk.js" in page.text
    finally:
        kiosk.terminate()
        assert kiosk.wait(STOP_S_MAX) in (0, -signal.SIGTERM), "either is a clean end"
    assert subprocess.run([*probe], check=False, capture_output=True).returncode == 1


def test_the_locks_are_of_one_piece() -> None:
    whole = _locked(ROOT / "requirements.lock")
    kinds = {kind: _locked(ROOT / "deploy" / "locks" / f"{kind}.lock") for kind in KINDS}
    assert set().union(*(kind.items() for kind in kinds.values())) == set(whole.items())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for kind, needs in project["optional-dependencies"].items():
        for need in (*project["dependencies"], *needs):
            name = re.split(r"[\[>=; ]", need)[0]
            assert name in kinds[kind], f"{kind} needs {name}: make lock"
    for lock in [*ROOT.glob("*.lock"), *(ROOT / "deploy" / "locks").glob("*.lock")]:
        assert "://" not in lock.read_text(encoding="utf-8"), "no address of an index"


def _locked(lock: Path) -> dict[str, str]:
    """Version, marker and hashes by package."""
    text = lock.read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(.*?)(?:\n    #|\n(?=[a-z]))", text, re.MULTILINE | re.DOTALL)
    assert all("--hash=sha256:" in pin for _, pin in pins)
    return {name: pin.strip() for name, pin in pins}
