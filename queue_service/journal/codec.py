"""Events as bytes, for ever: an entry's events are `[[kind, version, {fields}], …]` in JSON.

A field that was added with a default needs nothing. Any other change of an event gets the next version here, and an
upcaster that makes the older fields into those of the version after.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec

from queue_service.hall.events import Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

VERSIONS: Mapping[str, int] = {}
"""Present version by kind, where it is not 1."""
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""By kind and version: from that version's fields to those of the next."""

_encoder = msgspec.json.Encoder()
_envelopes = msgspec.json.Decoder(list[tuple[str, int, msgspec.Raw]])
_types: Mapping[str, type[Event]] = {event.kind: event for event in get_args(Event)}
_decoders: Mapping[str, msgspec.json.Decoder[Event]] = {
    kind: msgspec.json.Decoder(event) for kind, event in _types.items()
}


class UnknownEvent(Exception):
    """An entry holds an event that this release does not know: it was written by a newer one."""


def encode(events: tuple[Event, ...]) -> bytes:
    """The bytes of an entry's events."""
    return _encoder.encode([(event.kind, VERSIONS.get(event.kind, 1), event) for event in events])


def decode(encoded: bytes) -> tuple[Event, ...]:
    """The events of an entry, whichever release wrote them. Raises `UnknownEvent`."""
    return tuple(_event(kind, version, fields) for kind, version, fields in _envelopes.decode(encoded))


def _event(kind: str, version: int, fields: msgspec.Raw) -> Event:
    decoder = _decoders.get(kind)
    present = VERSIONS.get(kind, 1)
    if decoder is None or version > present:
        raise UnknownEvent(f"{kind} version {version}")
    if version == present:
        event: Event = decoder.decode(fields)
        return event
    older: dict[str, Any] = msgspec.json.decode(fields)
    for step in range(version, present):
        older = UPCASTERS[kind, step](older)
    upcast: Event = msgspec.convert(older, _types[kind], str_keys=True)
    return upcast
