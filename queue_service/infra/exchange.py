"""Puts whole new SQLite files in the place of those that are there, all of them or none.

What is new grows in one folder, whose renaming is the moment of the exchange: from then on it only goes forward, by
whoever comes next where this process was cut. The files must be nobody's meanwhile (see `migrate.alone`).
"""

import os
import shutil
from pathlib import Path

GROWING = "restoring"
COMPLETE = "restored"
SIDE_FILES = ("-wal", "-shm", "-journal")
"""What belongs to a database file that goes, and would be taken for the new one's."""


def begin(data_dir: Path) -> Path:
    """An empty folder for the new files."""
    growing = data_dir / GROWING
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(mode=0o700)
    return growing


def forget(data_dir: Path) -> None:
    """Gives up what was begun."""
    shutil.rmtree(data_dir / GROWING, ignore_errors=True)


def commit(data_dir: Path) -> None:
    """Makes the exchange, durably; the new files are closed."""
    growing = data_dir / GROWING
    for path in growing.iterdir():
        _to_disk(path)
    _to_disk(growing)
    growing.rename(data_dir / COMPLETE)
    _to_disk(data_dir)
    finish(data_dir)


def is_unfinished(data_dir: Path) -> bool:
    """Whether an exchange was cut between its files."""
    return (data_dir / COMPLETE).exists()


def finish(data_dir: Path) -> None:
    """Puts in place what an exchange has left to do; nothing where there is none."""
    if not is_unfinished(data_dir):
        return
    complete = data_dir / COMPLETE
    for path in sorted(complete.iterdir()):
        for end in SIDE_FILES:
            (data_dir / f"{path.name}{end}").unlink(missing_ok=True)
        path.replace(data_dir / path.name)
    _to_disk(data_dir)
    complete.rmdir()
    _to_disk(data_dir)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
