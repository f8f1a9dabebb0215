"""A day's state as bytes, for whoever loads the day again under the same rules.

A cache and never the truth: the entries alone say what happened. `RULES` is a digest of the very code that makes a day
of its entries, upcasters included, so that another release, whose rules or shapes may differ anywhere, passes a
snapshot by and begins at the first entry; nobody has to remember to raise a version.
"""

import hashlib
import zlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from queue_service.hall.day import Day
from queue_service.journal.entries import Snapshot

FAST = 1
"""Level of compression: an eighth of the size in a millisecond."""
DIGEST_BYTES = 16

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Day)


def digest(package: Traversable) -> bytes:
    """Of the code in the package `queue_service` that makes a day of its entries."""
    sources = (*_sources(package / "hall"), *_sources(package / "journal" / "codec.py"))
    return hashlib.blake2b(b"\0".join(sources), digest_size=DIGEST_BYTES).digest()


def _sources(place: Traversable) -> Iterator[bytes]:
    if place.is_dir():
        for inside in sorted(place.iterdir(), key=lambda inside: inside.name):
            yield from _sources(inside)
    elif place.name.endswith(".py"):
        yield place.read_bytes()


RULES = digest(files("queue_service"))
"""The rules of this release."""


def take(day: Day) -> Snapshot:
    """The snapshot of a day as it is; takes some milliseconds, so do it beside the loop."""
    return Snapshot(
        branch_id=day.branch_id,
        business_on=day.business_on,
        seq=day.seq,
        at=day.at,
        rules=RULES,
        state=zlib.compress(_encoder.encode(day), FAST),
    )


def decode(snapshot: Snapshot) -> Day | None:
    """The day as it was; None when other rules made it or the bytes are no day."""
    if snapshot.rules != RULES:
        return None
    try:
        return _decoder.decode(zlib.decompress(snapshot.state))
    except (zlib.error, msgspec.DecodeError):
        return None
