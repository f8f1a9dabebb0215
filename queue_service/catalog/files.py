"""Catalogue files: YAML to terms, with every fault named, placed and a cure told; and terms to YAML.

How a file is written: `catalog.shapes`, and the samples that lie beside this module.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, time
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import yaml

from queue_service.catalog import rules
from queue_service.catalog.nodes import Unreadable, compose
from queue_service.catalog.shapes import (
    CLOSED,
    IDENTITY,
    VERSION_UNSAID,
    WEEKDAYS,
    Fault,
    Reader,
    closest,
    key_of,
    shown,
    shown_place,
)
from queue_service.hall.hours import Hours
from queue_service.hall.terms import ClassPolicy, PlanSwitch, Terms
from queue_service.wire import locales

FAULTS_MAX = 200
"""So many faults of one file are told."""

SAMPLES = ("bank", "telecom")

_LINE_CHARS_MAX = 10_000  # nothing is folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a file: terms and perhaps warnings, or else faults."""

    terms: Terms | None = None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def read(content: bytes, now: datetime) -> Reading:
    """The terms of a catalogue file. A file that does not say its version gets version 0."""
    try:
        root = compose(content)
    except Unreadable as error:
        fault = Fault(line=error.line, column=error.column, place="", code=error.code, params=error.params)
        return Reading(faults=(fault,))
    reader = Reader()
    terms = reader.terms(root)
    faults = reader.faults if terms is None else [*reader.faults, *_faults_of(terms, reader)]
    if terms is None or faults:
        return Reading(faults=_in_order(faults)[:FAULTS_MAX])
    terms = _in_own_zone(terms)
    return Reading(terms=terms, warnings=_in_order(_located(rules.warnings(terms, now), terms, reader)))


def write(terms: Terms) -> str:
    """A file that reads as exactly these terms."""
    text: str = yaml.dump(
        _plain_record(_in_local_time(terms)),
        Dumper=_Dumper,
        default_flow_style=None,  # on one line what holds nothing deeper
        allow_unicode=True,
        sort_keys=False,
        width=_LINE_CHARS_MAX,
    )
    return re.sub(r"^(?=[a-z]+:$)", "\n", text, flags=re.MULTILINE)


def sample(name: str) -> bytes:
    """One of the `SAMPLES`."""
    return files("queue_service.catalog").joinpath("samples", f"{name}.yaml").read_bytes()


def samples(now: datetime) -> tuple[Terms, ...]:
    """The terms of all sample halls."""
    readings = [read(sample(name), now) for name in SAMPLES]
    return tuple(reading.terms for reading in readings if reading.terms is not None)


def wrong(fault: Fault, language: str) -> str:
    """What is wrong."""
    return locales.text(language, f"terms.{fault.code}", **fault.params)


def cure(fault: Fault, language: str) -> str:
    """How to put it right."""
    key = "cure.did_you_mean" if "suggestion" in fault.params else f"cure.{fault.code}"
    return locales.text(language, key, **fault.params)


def _faults_of(terms: Terms, reader: Reader) -> list[Fault]:
    """The faults in what the file says, without those that only follow from one that is told already."""
    unread = [*(fault.place for fault in reader.faults), *reader.misnamed]
    found: list[Fault] = []
    for fault in _located(rules.faults(terms), terms, reader):
        if len(unread) + len(found) >= FAULTS_MAX:
            break  # enough to do, and looking for what follows from what would take long
        if any(_overlap(fault.place, place) for place in unread):
            continue
        if not _only_follows(fault, {*unread, *(other.place for other in found)}):
            found.append(fault)
    return found


def _only_follows(fault: Fault, told: Set[str]) -> bool:
    """Whether a fault is but the consequence of others, at the places `told`."""
    match fault.code:
        case "unknown_zone":
            return not told.isdisjoint({"zones", f"zones.{fault.params['zone']}"})
        case "unknown_service":
            return not told.isdisjoint({"services", f"services.{fault.params['service']}"})
        case "unknown_window":
            return not told.isdisjoint({"windows", f"windows.{fault.params['window']}"})
        case "service_unserved" | "switches_collide":
            return any(_overlap(section, place) for section in ("plans", "windows") for place in told)
        case _:
            return False


def _located(remarks: Iterable[rules.Remark], terms: Terms, reader: Reader) -> Iterator[Fault]:
    for place, code, params in remarks:
        spot = reader.spot(place)
        suggestion = closest(*meant) if (meant := _known(code, params, terms)) else None
        yield Fault(
            line=spot.line,
            column=spot.column,
            place=shown_place(spot.place),
            code=code,
            params={name: shown(value) for name, value in params.items()}
            | ({} if suggestion is None else {"suggestion": suggestion}),
        )


def _known(code: str, params: Mapping[str, str], terms: Terms) -> tuple[str, Iterable[str]] | None:
    """What was named and what could have been meant; None where no name is at fault."""
    match code:
        case "unknown_zone":
            return params["zone"], [zone.id for zone in terms.zones]
        case "unknown_service":
            return params["service"], [service.id for service in terms.services]
        case "unknown_time_zone":
            return params["time_zone"], sorted(available_timezones())
        case "bad_language":
            return params["tag"], rules.LANGUAGES
        case _:
            return None


def _overlap(place: str, other: str) -> bool:
    return place == other or place.startswith(f"{other}.") or other.startswith(f"{place}.")


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    once = {(fault.line, fault.column, fault.place, fault.code, *fault.params.values()): fault for fault in faults}
    return tuple(sorted(once.values(), key=lambda fault: (fault.line, fault.column)))


def _in_own_zone(terms: Terms) -> Terms:
    zone = ZoneInfo(terms.hours.time_zone)
    notices = tuple(
        replace(notice, until=notice.until.replace(tzinfo=zone).astimezone(UTC))
        if notice.until is not None and notice.until.tzinfo is None
        else notice
        for notice in terms.notices
    )
    return replace(terms, notices=notices)


def _in_local_time(terms: Terms) -> Terms:
    """With times as the branch's clocks show them, and without the zone wherever that is clear."""
    zone = ZoneInfo(terms.hours.time_zone)
    notices = tuple(
        notice if notice.until is None else replace(notice, until=_local(notice.until.astimezone(zone)))
        for notice in terms.notices
    )
    return replace(terms, notices=notices)


def _local(moment: datetime) -> datetime:
    is_twice = moment.replace(fold=1 - moment.fold).utcoffset() != moment.utcoffset()
    return moment if is_twice else moment.replace(tzinfo=None)


class _Dumper(yaml.SafeDumper):
    """Quotes what the reader would take for nothing or yes and no; times, dates and numbers stand as they are."""


_Dumper.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":bool"))]
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def _plain(thing: Any) -> Any:
    """A value of the terms as mappings, lists and text, the way the reader wants it."""
    match thing:
        case tuple() if thing and type(thing[0]) in IDENTITY:
            name = IDENTITY[type(thing[0])]
            return {str(getattr(item, name)): _plain_record(item) for item in thing}
        case tuple():
            return [_plain(item) for item in thing]
        case Mapping():
            return {str(key): _plain(value) for key, value in thing.items()}
        case bool():
            return thing
        case float():
            return repr(thing).removesuffix(".0")
        case datetime():
            return thing.isoformat(sep=" ", timespec="auto" if thing.second or thing.microsecond else "minutes")
        case time():
            return thing.isoformat() if thing.second or thing.microsecond else thing.isoformat("minutes")
        case None:
            return CLOSED
        case _:
            return _plain_record(thing) if is_dataclass(thing) else str(thing)


def _plain_record(thing: Any) -> dict[str, Any]:
    """Without its own id or number, and without what is as by default."""
    identity = IDENTITY.get(type(thing))
    return {
        key_of(field): _plain_field(thing, field.name)
        for field in fields(thing)
        if field.name != identity and not _goes_without_saying(thing, field)
    }


def _plain_field(thing: Any, name: str) -> Any:
    match thing, name:
        case Hours(week=week), "week":
            return {_days(run): _plain(week[run[0]]) for run in _runs(sorted(week), lambda day: week[day])}
        case PlanSwitch(weekdays=weekdays), "weekdays":
            ranges = [_days(run) for run in _runs(weekdays)]
            return ranges[0] if len(ranges) == 1 else ranges
        case _:
            return _plain(getattr(thing, name))


def _goes_without_saying(thing: Any, field: Field[Any]) -> bool:
    if isinstance(thing, ClassPolicy):
        return False  # what a file leaves out of a class is the house's own, not the dataclass's
    if field.name == "version":
        return bool(thing.version == VERSION_UNSAID)
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return bool(getattr(thing, field.name) == default)


def _runs(days: Iterable[int], sort: Callable[[int], Any] = lambda _: None) -> list[list[int]]:
    """Days that follow each other and are of one sort, together."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1 and sort(day) == sort(runs[-1][-1]):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _days(run: list[int]) -> str:
    first, last = WEEKDAYS[run[0] - 1], WEEKDAYS[run[-1] - 1]
    return first if first == last else f"{first}-{last}"
