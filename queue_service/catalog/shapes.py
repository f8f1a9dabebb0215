"""Terms as YAML shapes: what stands in a file follows from the dataclasses of `hall.terms`, field by field.

- A key is the field's name without `is_` and `_id`: `is_roaming` is `roaming`, `branch_id` is `branch`.
- What is told apart by an id or a number (services, zones, windows, plans) is a mapping by it.
- A field that may be left out means its default. A list of one needs no brackets.
- Weekdays are `mon` to `sun` or 1 to 7, and ranges of them; `closed` is a day without an opening.

The reader goes on after a fault, with a harmless value in its place, so that one pass tells them all.
"""

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from queue_service.catalog.nodes import is_null, position
from queue_service.hall.hours import Hours, Opening
from queue_service.hall.terms import ClassPolicy, Plan, PlanSwitch, Policy, Service, Terms, VisitorClass, Window, Zone

SHOWN_CHARS_MAX = 40
CLOSED = "closed"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = {name: day for day, name in enumerate(WEEKDAYS, start=1)} | {str(day): day for day in range(1, 8)}
_YEARS = range(2000, 2200)

IDENTITY: dict[type, str] = {Service: "id", Zone: "id", Window: "number", Plan: "id"}
VERSION_UNSAID = 0
"""Of a file that does not say which version it was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing in a file that is wrong, or doubtful."""

    line: int
    column: int
    place: str
    """A path to it (`plans.peak.windows.3`); empty for the file as a whole."""
    code: str
    params: Mapping[str, str]
    """`suggestion` among them is what was probably meant."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a place of the terms stands in the file."""

    line: int
    column: int
    place: str


class _Broken:
    """Stands for a value that could not be read."""


_BROKEN = _Broken()
_HARMLESS: dict[Any, Any] = {str: "", float: 1.0, int: 1, Hours: Hours(time_zone="UTC")}


class Reader:
    """Reads one file's nodes; `faults` fills as it goes, `spots` says where each place of the terms stands."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.misnamed: set[str] = set()
        """Places that are missing because their key is probably misspelt."""
        self._spots: dict[str, Spot] = {}

    def terms(self, root: Node) -> Terms | None:
        """What the file says; to be trusted only while there are no faults. None: nothing could be made of it."""
        self._spots[""] = Spot(*position(root), "")
        terms = self._record(Terms, root, "")
        return terms if isinstance(terms, Terms) else None

    def spot(self, place: str) -> Spot:
        """Where a place stands, or else the nearest one around it that does."""
        around = place
        while around not in self._spots:
            around = around.rpartition(".")[0]
        spot = self._spots[around]
        return Spot(spot.line, spot.column, spot.place + place.removeprefix(around))

    def _fault(self, at: Node | Spot, place: str, code: str, **params: str) -> _Broken:
        line, column = (at.line, at.column) if isinstance(at, Spot) else position(at)
        self.faults.append(Fault(line=line, column=column, place=shown_place(place), code=code, params=params))
        return _BROKEN

    def _value(self, hint: Any, node: Node, place: str) -> Any:
        if is_null(node):
            return self._fault(self.spot(place), place, "missing")
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            return self._value(_without_none(hint), node, place)
        if origin is tuple:
            return self._items(get_args(hint)[0], node, place)
        if origin is not None:
            assert origin is Mapping
            key, value = get_args(hint)
            return self._mapping(key, value, node, place)
        if is_dataclass(hint):
            assert isinstance(hint, type)
            return self._record(hint, node, place)
        return self._scalar(hint, node, place)

    def _record(self, kind: type, node: Node, place: str, base: object = None, **known: Any) -> Any:
        """A dataclass; fields that are left out are those of `base`, where given."""
        entries = self._entries(node, place)
        if entries is None:
            return _BROKEN
        by_key = {key_of(field): field for field in fields(kind) if field.name not in known}
        self._tell_unknown(entries, by_key, place)
        values = known | {
            field.name: self._field(kind, field, entries.get(key), _join(place, key), base)
            for key, field in by_key.items()
        }
        return _BROKEN if any(value is _BROKEN for value in values.values()) else kind(**values)

    def _field(self, kind: type, field: Field[Any], node: Node | None, place: str, base: object) -> Any:
        hint = _hints(kind)[field.name]
        value: Any = _BROKEN
        if node is not None and not is_null(node):
            read = _SPECIAL.get((kind, field.name))
            value = read(self, node, place) if read else self._value(hint, node, place)
        elif _is_required(field) and place not in self.misnamed:
            self._fault(self.spot(place), place, "missing")
        if value is not _BROKEN:
            return value
        return _left_out(field, hint) if base is None else getattr(base, field.name)

    def _tell_unknown(self, entries: Mapping[str, Node], by_key: Mapping[str, Any], place: str) -> None:
        for key in entries:
            if key in by_key:
                continue
            inner = _join(place, key)
            suggestion = closest(key, [known for known in by_key if known not in entries])
            if suggestion is not None:
                self.misnamed.add(_join(place, suggestion))
            self._fault(
                self.spot(inner),
                inner,
                "unknown_key",
                name=shown(key),
                known=", ".join(by_key),
                **_suggested(suggestion),
            )

    def _items(self, hint: Any, node: Node, place: str) -> Any:
        name = IDENTITY.get(hint)
        if name is not None:
            return self._identified(hint, name, node, place)
        if isinstance(node, ScalarNode):
            value = self._value(hint, node, place)
            return value if value is _BROKEN else (value,)
        if not isinstance(node, SequenceNode):
            return self._fault(self.spot(place), place, "not_a_list")
        values = []
        for index, item in enumerate(node.value, start=1):
            inner = _join(place, str(index))
            self._spots[inner] = Spot(*position(item), inner)
            values.append(self._value(hint, item, inner))
        return tuple(value for value in values if value is not _BROKEN)

    def _identified(self, kind: type, name: str, node: Node, place: str) -> Any:
        entries = self._entries(node, place)
        if entries is None:
            return _BROKEN
        things = []
        for key, value in entries.items():
            identity = self._key(_hints(kind)[name], key, place)
            if identity is not _BROKEN:
                things.append(self._record(kind, value, _join(place, key), None, **{name: identity}))
        return tuple(thing for thing in things if thing is not _BROKEN)

    def _mapping(self, key_hint: Any, value_hint: Any, node: Node, place: str) -> Any:
        code = "not_by_language" if (key_hint, value_hint) == (str, str) else "not_a_mapping"
        entries = self._entries(node, place, code)
        if entries is None:
            return _BROKEN
        pairs = [
            (self._key(key_hint, key, place), self._value(value_hint, value, _join(place, key)))
            for key, value in entries.items()
        ]
        return {key: value for key, value in pairs if key is not _BROKEN and value is not _BROKEN}

    def _entries(self, node: Node, place: str, code: str = "not_a_mapping") -> dict[str, Node] | None:
        """The values by key, each key once; None after a fault."""
        if not isinstance(node, MappingNode):
            self._fault(self.spot(place), place, code)
            return None
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault(key_node, place, "bad_key")
                continue
            key, (line, column) = key_node.value, position(key_node)
            inner = _join(place, key)
            if key in entries:
                self._fault(key_node, inner, "key_repeated", name=shown(key), line=str(lines[key]))
                continue
            is_block = isinstance(value, CollectionNode) and not value.flow_style
            self._spots[inner] = Spot(*((line, column) if is_block or is_null(value) else position(value)), inner)
            entries[key], lines[key] = value, line
        return entries

    def _key(self, hint: Any, key: str, place: str) -> Any:
        inner = _join(place, key)
        return self._parsed(hint, key, self.spot(inner), inner)

    def _scalar(self, hint: Any, node: Node, place: str) -> Any:
        if not isinstance(node, ScalarNode):
            return self._fault(self.spot(place), place, "not_a_scalar")
        return self._parsed(hint, node.value, node, place)

    def _parsed(self, hint: Any, text: str, at: Node | Spot, place: str) -> Any:
        if issubclass(hint, StrEnum):
            known = [str(member) for member in hint]
            if text in known:
                return hint(text)
            params = _suggested(closest(text, known))
            return self._fault(at, place, "not_one_of", value=shown(text), known=", ".join(known), **params)
        parse, code = _SCALARS[hint]
        try:
            return parse(text)
        except ValueError:
            return self._fault(at, place, code, value=shown(text))

    def _week(self, node: Node, place: str) -> Any:
        entries = self._entries(node, place)
        if entries is None:
            return _BROKEN
        week: dict[int, Opening] = {}
        told: set[int] = set()
        for key, value in entries.items():
            inner = _join(place, key)
            opening = self._opening(value, inner)
            for day in self._weekday_range(key, self.spot(inner), inner):
                if day in told:
                    self._fault(self.spot(inner), inner, "weekday_repeated", weekday=WEEKDAYS[day - 1])
                told.add(day)
                self._spots[_join(place, str(day))] = self.spot(inner)
                if isinstance(opening, Opening):
                    week[day] = opening
        return week

    def _exceptions(self, node: Node, place: str) -> Any:
        entries = self._entries(node, place)
        if entries is None:
            return _BROKEN
        pairs = [
            (self._key(date, key, place), self._opening(value, _join(place, key))) for key, value in entries.items()
        ]
        return {on: opening for on, opening in pairs if on is not _BROKEN and opening is not _BROKEN}

    def _opening(self, node: Node, place: str) -> Any:
        """None: closed."""
        if isinstance(node, ScalarNode) and node.value == CLOSED:
            return None
        return self._value(Opening, node, place)

    def _weekdays(self, node: Node, place: str) -> Any:
        ranges = self._items(str, node, place)
        if ranges is _BROKEN:
            return _BROKEN
        days: list[int] = []
        for written in ranges:
            for day in self._weekday_range(written, self.spot(place), place):
                if day in days:
                    self._fault(self.spot(place), place, "weekday_repeated", weekday=WEEKDAYS[day - 1])
                days.append(day)
        return tuple(days)

    def _weekday_range(self, text: str, at: Spot, place: str) -> Iterable[int]:
        first, dash, last = (part.strip() for part in text.lower().partition("-"))
        days = _WEEKDAY.get(first), _WEEKDAY.get(last if dash else first)
        if days[0] is None or days[1] is None or days[0] > days[1]:
            self._fault(at, place, "not_a_weekday", value=shown(text))
            return ()
        return range(days[0], days[1] + 1)

    def _classes(self, node: Node, place: str) -> Any:
        """Over the defaults: what is not said about a class stays as it is."""
        entries = self._entries(node, place)
        if entries is None:
            return _BROKEN
        classes = dict(Policy().classes)
        for key, value in entries.items():
            visitor_class = self._key(VisitorClass, key, place)
            if visitor_class is not _BROKEN:
                of_class = self._record(ClassPolicy, value, _join(place, key), classes[visitor_class])
                classes[visitor_class] = classes[visitor_class] if of_class is _BROKEN else of_class
        return classes


def key_of(field: Field[Any]) -> str:
    """The field's key in a file."""
    return field.name.removeprefix("is_").removesuffix("_id")


def closest(text: str, known: Iterable[str]) -> str | None:
    """The one that was probably meant."""
    return next(iter(get_close_matches(text, list(known), n=1)), None)


def shown(text: str) -> str:
    """What stands in a file, fit for a terminal."""
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return plain if len(plain) <= SHOWN_CHARS_MAX else plain[:SHOWN_CHARS_MAX] + "…"


def shown_place(place: str) -> str:
    """The path, step by step as `shown`."""
    return ".".join(shown(step) for step in place.split("."))


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _suggested(suggestion: str | None) -> dict[str, str]:
    return {} if suggestion is None else {"suggestion": suggestion}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _without_none(hint: Any) -> Any:
    return next(choice for choice in get_args(hint) if choice is not type(None))


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING and field.name != "version"


def _left_out(field: Field[Any], hint: Any) -> Any:
    """The default, or what lets the reading of a faulty file go on."""
    if field.name == "version":
        return VERSION_UNSAID
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    if get_origin(hint) is Mapping:
        return {}
    return () if get_origin(hint) is tuple else _HARMLESS.get(hint, _BROKEN)


def _matched(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(text)
    return text


def _boolean(text: str) -> bool:
    return {"true": True, "yes": True, "false": False, "no": False}[_matched("true|yes|false|no", text.lower())]


def _time(text: str) -> time:
    return time.fromisoformat(_matched(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?", text).rjust(5, "0"))


def _date(text: str) -> date:
    on = date.fromisoformat(_matched(r"\d{4}-\d\d-\d\d", text))
    if on.year not in _YEARS:
        raise ValueError(text)
    return on


def _moment(text: str) -> datetime:
    """Without a zone: in the branch's own, to be added. A date alone lasts until it is over."""
    on = _date(text[:10])
    if len(text) == 10:
        return datetime.combine(on + timedelta(days=1), time())
    return datetime.fromisoformat(text)


_SCALARS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "not_a_scalar"),
    float: (lambda text: float(_matched(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text)), "not_a_number"),
    int: (lambda text: int(_matched(r"-?(0|[1-9]\d{0,8})", text)), "not_a_whole_number"),
    bool: (_boolean, "not_yes_or_no"),
    time: (_time, "not_a_time"),
    date: (_date, "not_a_date"),
    datetime: (_moment, "not_a_moment"),
}

_SPECIAL: dict[tuple[type, str], Callable[[Reader, Node, str], Any]] = {
    (Hours, "week"): Reader._week,
    (Hours, "exceptions"): Reader._exceptions,
    (PlanSwitch, "weekdays"): Reader._weekdays,
    (Policy, "classes"): Reader._classes,
}
