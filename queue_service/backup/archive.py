"""The file of a backup: a ZIP with one member of JSON lines for each table, and `manifest.json`, which describes them.

Whatever reads ZIP and JSON can read it. The file's last 64 characters are the SHA-256 of all before them, in hex (the
end of the ZIP's comment), so that a file that was cut or changed anywhere is known before anything in it is believed.
"""

import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from queue_service.backup.columns import Kind, Lines
from queue_service.infra.migrate import Tree

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = b"sha256:"
DIGEST_CHARS = 64
CHUNK_BYTES = 1024 * 1024
ROWS = 1000
"""Read, written and held at a time."""
OWN_MODE = 0o600
WARNING = "Holds password hashes, sessions and the secret of visitors' links. Keep it as you keep a key."


class NoBackup(Exception):
    """A file that is not a backup, or not the whole of one."""


class DamagedBackup(Exception):
    """A backup that is not as it was written."""


class NewerBackup(Exception):
    """A backup that only a newer release can read; `release` made it."""

    def __init__(self, release: str) -> None:
        super().__init__(release)
        self.release = release


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One table in the file; `sha256` is of its lines."""

    tree: Tree
    table: str
    columns: dict[str, Kind]
    rows: int
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.tree}/{self.table}.jsonl"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the file; `members` in an order in which they can be restored."""

    format: int
    release: str
    made_at: datetime
    heads: dict[Tree, frozenset[str]]
    members: list[Member]
    warning: str = WARNING


class _Head(msgspec.Struct):
    """What every format of a manifest has."""

    format: int
    release: str


class Writer:
    """Writes the members of a file one after another."""

    def __init__(self, archive: ZipFile, release: str, made_at: datetime, heads: dict[Tree, frozenset[str]]) -> None:
        self._archive = archive
        self._manifest = Manifest(format=FORMAT, release=release, made_at=made_at, heads=heads, members=[])

    @contextmanager
    def member(self, tree: Tree, table: str, columns: dict[str, Kind]) -> Iterator["MemberWriter"]:
        """Takes the rows of one table."""
        named = Member(tree=tree, table=table, columns=columns, rows=0, sha256="")
        with self._archive.open(self._info(named.name), "w", force_zip64=True) as file:
            writer = MemberWriter(file, Lines(columns))
            yield writer
        self._manifest.members.append(
            msgspec.structs.replace(named, rows=writer.rows, sha256=writer.digest.hexdigest())
        )

    def end(self) -> None:
        """Writes the manifest."""
        told = msgspec.json.format(msgspec.json.encode(self._manifest, order="deterministic"), indent=2)
        self._archive.writestr(self._info(MANIFEST), told)

    def _info(self, name: str) -> ZipInfo:
        info = ZipInfo(name, self._manifest.made_at.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = OWN_MODE << 16
        return info


class MemberWriter:
    """Counts and digests what it writes."""

    def __init__(self, file: IO[bytes], lines: Lines) -> None:
        self._file = file
        self._lines = lines
        self.rows = 0
        self.digest = hashlib.sha256()

    def write(self, rows: Iterable[Iterable[Any]]) -> None:
        """Adds rows, their values in the order of the columns."""
        held = list(rows)
        encoded = self._lines.encode(held)
        self._file.write(encoded)
        self.digest.update(encoded)
        self.rows += len(held)


class _Growing(io.FileIO):
    """Says which file it was that could not grow."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "w+b")
        self._path = path

    def write(self, chunk: Any, /) -> int:
        try:
            return super().write(chunk)
        except OSError as error:
            error.filename = str(self._path)
            raise


@contextmanager
def written(path: Path, release: str, made_at: datetime, heads: dict[Tree, frozenset[str]]) -> Iterator[Writer]:
    """Writes a file for its owner's eyes only, beside `path`; sealed and on the disk it takes that name, or is removed.

    Whoever writes inside sees what is raised; `path` is then as it was.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    growing = Path(name)
    try:
        with io.BufferedRandom(_Growing(descriptor, path), CHUNK_BYTES) as file:
            with ZipFile(file, "w") as archive:
                writer = Writer(archive, release, made_at, heads)
                yield writer
                writer.end()
                archive.comment = SEAL + b"0" * DIGEST_CHARS
            _seal(file)
            file.flush()
            os.fsync(file.fileno())
        growing.replace(path)
    except BaseException:  # an interrupt too leaves nothing behind
        growing.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Reader:
    """Reads a file whose seal was found whole."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        encoded = archive.read(MANIFEST)
        head = msgspec.json.decode(encoded, type=_Head)
        if head.format > FORMAT:
            raise NewerBackup(head.release)
        self.manifest = msgspec.json.decode(encoded, type=Manifest)

    def rows(self, member: Member) -> Iterator[dict[str, Any]]:
        """The rows of a table by column; raises `DamagedBackup` at their end where they are not all there."""
        lines, digest, count = Lines(member.columns), hashlib.sha256(), 0
        with self._archive.open(member.name) as file:
            for line in file:
                digest.update(line)
                count += 1
                yield lines.decode(line)
        if digest.hexdigest() != member.sha256 or count != member.rows:
            raise DamagedBackup


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Raises `NoBackup`, `DamagedBackup`, `NewerBackup`."""
    with path.open("rb") as file:
        _check_seal(file)
        with ZipFile(file) as archive:
            yield Reader(archive)


def _seal(file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    digest = _digest(file, size - DIGEST_CHARS)
    file.seek(size - DIGEST_CHARS)
    file.write(digest)


def _check_seal(file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    ending = len(SEAL) + DIGEST_CHARS
    file.seek(max(size - ending, 0))
    if (told := file.read(ending))[: len(SEAL)] != SEAL:
        raise NoBackup
    if _digest(file, size - DIGEST_CHARS) != told[len(SEAL) :]:
        raise DamagedBackup


def _digest(file: IO[bytes], size: int) -> bytes:
    """Of the first `size` bytes, in hex."""
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0:
        chunk = file.read(min(size, CHUNK_BYTES))
        assert chunk, "the file has that size"
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest().encode()
