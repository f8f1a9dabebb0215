"""Answers as JSON bytes."""

from typing import Any

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder()


def encode(view: Any) -> bytes:
    """JSON of plain values, dates, aware times and enums."""
    return _encoder.encode(view)


class JsonBytes(Response):
    """An answer that is JSON already."""

    media_type = "application/json"
