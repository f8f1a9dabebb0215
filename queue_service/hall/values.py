"""The next value from the one before."""

from collections.abc import Callable
from dataclasses import fields
from itertools import repeat
from operator import attrgetter, call
from typing import Any, TypeVar

T = TypeVar("T")

Members = tuple[Callable[[Any], tuple[Any, ...]], tuple[Callable[[Any, Any], None], ...], dict[str, Any]]
_members: dict[type, Members] = {}


def changed(value: T, **changes: object) -> T:
    """A frozen, slotted value with some fields changed: `dataclasses.replace` in a tenth of its time.

    It copies slots where `replace` calls `__init__` with every field, which was half the cost of a command.
    """
    kind = type(value)
    copy = alike(kind, value)
    by_name = _members[kind][-1]
    for name, now in changes.items():
        by_name[name](copy, now)
    return copy


def alike(kind: type[T], source: object) -> T:
    """A value of a frozen, slotted kind with what `source` has under the names of its fields."""
    get, setters, _ = _members_known(kind)
    copy = object.__new__(kind)
    for _ in map(call, setters, repeat(copy), get(source)):
        pass
    return copy


def _members_known(kind: type[Any]) -> Members:
    members = _members.get(kind)
    if members is None:
        members = _members[kind] = _members_of(kind)
    return members


def _members_of(kind: type[Any]) -> Members:
    by_name = {field.name: kind.__dict__[field.name].__set__ for field in fields(kind)}
    return attrgetter(*by_name), tuple(by_name.values()), by_name
