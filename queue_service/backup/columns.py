"""Rows of any table as lines of JSON that mean the same on SQLite and PostgreSQL.

What a column holds is told by its type in the database, and where SQLite has no type for it by its name, which follows
the house's rule: `at` and `…_at` are moments, `…_on` are dates.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Dialect, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeDecorator, TypeEngine

from queue_service.infra.database import Moment
from queue_service.infra.migrate import BOOK

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "json"
    BYTES = "bytes"
    """A line has their text where they are UTF-8, as the journal's events are, and `{"base64": …}` where not."""
    DATE = "date"
    MOMENT = "moment"
    """UTC, to the microsecond."""


class Base64(msgspec.Struct):
    """Bytes that are no text."""

    base64: str


class Microseconds(TypeDecorator[datetime]):
    """A moment as microseconds of Unix time, as the journal's file has it."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else EPOCH + timedelta(microseconds=value)


class IsoDate(TypeDecorator[date]):
    """A date as text, as the journal's file has it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:  # noqa: ARG002 SQLAlchemy's signature
        return None if value is None else date.fromisoformat(value)


LINE_TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: str | None,
    Kind.INTEGER: int | None,
    Kind.BOOLEAN: bool | None,
    Kind.JSON: Any,
    Kind.BYTES: str | Base64 | None,
    Kind.DATE: date | None,
    Kind.MOMENT: datetime | None,
}


def tables(connection: Connection, schema: str | None) -> list[Table]:
    """The tables of one tree as they are now, those that others refer to first, with values of the same Python types
    on every database."""
    found = MetaData(schema=schema)
    found.reflect(connection)
    kept = [table for table in found.sorted_tables if table.name != BOOK]
    for table in kept:
        for column in table.columns:
            column.type = _stored(column)
    return kept


def kinds(table: Table) -> dict[str, Kind]:
    """What the columns of a table from `tables` hold, in their order."""
    return {str(column.name): _kind(column) for column in table.columns}


class Lines:
    """The lines of one table: a JSON object each, its names the columns."""

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        self._names = tuple(columns)
        self._bytes = [name for name, kind in columns.items() if kind is Kind.BYTES]
        row = msgspec.defstruct(
            "Row", [(name, LINE_TYPES[kind]) for name, kind in columns.items()], forbid_unknown_fields=True
        )
        self._decoder = msgspec.json.Decoder(row)
        self._encoder = msgspec.json.Encoder()

    def encode(self, rows: Iterable[Iterable[Any]]) -> bytes:
        """Values in the order of the columns as lines, each with its end."""
        return self._encoder.encode_lines([self._told(row) for row in rows])

    def decode(self, line: bytes) -> dict[str, Any]:
        """The values of a line by column; raises `msgspec.DecodeError`, `ValueError` where it is none of ours."""
        row = self._decoder.decode(line)
        values = {name: getattr(row, name) for name in self._names}
        for name in self._bytes:
            values[name] = _bytes(values[name])
        return values

    def _told(self, row: Iterable[Any]) -> dict[str, Any]:
        values = dict(zip(self._names, row, strict=True))
        for name in self._bytes:
            values[name] = _text(values[name])
        return values


def _text(value: bytes | None) -> str | Base64 | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Base64(b64encode(value).decode())


def _bytes(told: str | Base64 | None) -> bytes | None:
    match told:
        case None:
            return None
        case Base64(base64=encoded):
            return b64decode(encoded, validate=True)
        case text:
            return text.encode()


def _stored(column: Column[Any]) -> TypeEngine[Any]:
    """How a column's values are read and written: SQLAlchemy's type for what reflection found."""
    is_moment = column.name == "at" or column.name.endswith("_at")
    match column.type:
        case Boolean() | LargeBinary() | Date():
            return column.type
        case JSON():
            return JSON(none_as_null=True)
        case DateTime():
            return Moment()
        case Integer():
            return Microseconds() if is_moment else Integer()
        case String():
            return IsoDate() if column.name.endswith("_on") else String()
        case unknown:
            raise AssertionError(f"{column}: a type of column that a backup has no words for: {unknown!r}")


def _kind(column: Column[Any]) -> Kind:
    match column.type:
        case Moment() | Microseconds():
            return Kind.MOMENT
        case Date() | IsoDate():
            return Kind.DATE
        case Boolean():
            return Kind.BOOLEAN
        case LargeBinary():
            return Kind.BYTES
        case JSON():
            return Kind.JSON
        case Integer():
            return Kind.INTEGER
        case other:
            assert isinstance(other, String), "a column from `tables`"
            return Kind.TEXT
