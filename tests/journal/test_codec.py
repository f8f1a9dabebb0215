"""Events are read back for ever, as they were meant."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime, time
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_service.hall.events import DayOpened, Event, TermsChanged, TicketCalled, TicketMissed, WindowOpened
from queue_service.journal import codec

EVENTS: tuple[type[Any], ...] = get_args(Event)


def anything(of: Any) -> st.SearchStrategy[Any]:
    """Values of a type as events use it; times are in UTC, as the hall's are."""
    if of is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if of is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if of is int:
        return st.integers(-(2**31), 2**31)
    if of is str:
        return st.text(st.characters(codec="utf-8"), max_size=20)
    if of in (date, time):
        return {date: st.dates(), time: st.times()}[of]
    origin, arguments = get_origin(of), get_args(of)
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=3).map(tuple)
    if origin in (Union, UnionType):
        return st.one_of(*map(anything, arguments))
    if origin is not None:  # a mapping
        return st.dictionaries(anything(arguments[0]), anything(arguments[1]), max_size=3)
    if hasattr(of, "__dataclass_fields__"):
        hints = get_type_hints(of)
        return st.builds(of, **{field.name: anything(hints[field.name]) for field in fields(of)})
    return st.from_type(of)


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
@given(st.data())
def test_every_event_comes_back_equal(event: type[Any], data: st.DataObject) -> None:
    events = (data.draw(anything(event)), data.draw(anything(event)))
    assert codec.decode(codec.encode(events)) == events


def test_kinds_are_unlike() -> None:
    assert len({event.kind for event in EVENTS}) == len(EVENTS)


def test_the_form_of_an_entrys_events() -> None:
    missed = TicketMissed(ticket="20260302-7", by_clock=False)
    assert codec.encode((missed,)) == b'[["ticket.missed",1,{"ticket":"20260302-7","by_clock":false}]]'
    assert codec.decode(b"[]") == ()


def test_fields_that_a_newer_release_added_are_passed_over() -> None:
    newer = b'[["ticket.missed",1,{"ticket":"20260302-7","by_clock":false,"mood":"cross"}]]'
    assert codec.decode(newer) == (TicketMissed(ticket="20260302-7", by_clock=False),)


@pytest.mark.parametrize("newer", [b'[["ticket.teleported",1,{}]]', b'[["ticket.missed",2,{"ticket":"7"}]]'])
def test_an_event_of_a_newer_release_is_told(newer: bytes) -> None:
    with pytest.raises(codec.UnknownEvent):
        codec.decode(newer)


@pytest.mark.parametrize("spoilt", [b"", b"{}", b'[["ticket.missed",1,{}]]', b'[["ticket.missed",1,{"ticket":7}]]'])
def test_what_is_no_event_is_not_guessed_at(spoilt: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        codec.decode(spoilt)


def test_older_versions_are_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def name_the_window(older: dict[str, Any]) -> dict[str, Any]:
        return {**older, "window": int(older.pop("desk"))}

    def give_a_reason(older: dict[str, Any]) -> dict[str, Any]:
        return {**older, "reason": "order", "is_chosen": False}

    monkeypatch.setattr(codec, "VERSIONS", {"ticket.called": 3})
    monkeypatch.setattr(
        codec, "UPCASTERS", {("ticket.called", 1): name_the_window, ("ticket.called", 2): give_a_reason}
    )
    called = TicketCalled(ticket="20260302-7", window=3, is_chosen=False, reason="order")
    assert codec.decode(b'[["ticket.called",1,{"ticket":"20260302-7","desk":"3"}]]') == (called,)
    assert codec.decode(b'[["ticket.called",2,{"ticket":"20260302-7","window":3}]]') == (called,)
    assert json.loads(codec.encode((called,)))[0][1] == 3
    assert codec.decode(codec.encode((called,))) == (called,)


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("event", [DayOpened, TermsChanged], ids=lambda event: event.kind)
@given(st.data())
def test_what_needs_no_change_comes_through_an_upcaster_unchanged(event: type[Any], data: st.DataObject) -> None:
    """Terms hold times, dates and numbers as keys, and texts that look like something else."""
    known = data.draw(anything(event))
    encoded = codec.encode((known,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "VERSIONS", {event.kind: 2})
        patch.setattr(codec, "UPCASTERS", {(event.kind, 1): lambda older: older})
        assert codec.decode(encoded) == (known,)


@pytest.mark.parametrize("teller", ["null", "none", "", "true", "7"])
def test_an_upcaster_leaves_texts_as_texts(teller: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = WindowOpened(window=3, teller=teller, session=teller, taken_from=teller)
    encoded = codec.encode((opened,))
    monkeypatch.setattr(codec, "VERSIONS", {"window.opened": 2})
    monkeypatch.setattr(codec, "UPCASTERS", {("window.opened", 1): lambda older: older})
    assert codec.decode(encoded) == (opened,)


def test_an_upcaster_that_makes_a_wrong_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "VERSIONS", {"ticket.called": 2})
    monkeypatch.setattr(codec, "UPCASTERS", {("ticket.called", 1): lambda older: older | {"window": "3"}})
    called = TicketCalled(ticket="20260302-7", window=3, is_chosen=True, reason="asked")
    with pytest.raises(msgspec.ValidationError):
        codec.decode(b'[["ticket.called",1,{"ticket":"20260302-7","window":3,"is_chosen":true,"reason":"asked"}]]')
    assert codec.decode(codec.encode((called,))) == (called,)
