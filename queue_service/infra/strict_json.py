"""Which bytes count as JSON here: stricter than any parser behind it, so that no model meets a surprise.

Refused besides what RFC 8259 refuses: members named twice, NaN and infinities, numbers beyond 64 bits (every float from
2**63 on is such an integer too), nesting beyond a limit, and text that UTF-8 or PostgreSQL cannot hold (lone
surrogates, U+0000).
"""

import json
import re
from collections.abc import Iterable
from typing import Never

from queue_service.infra.problems import Problem

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def read(body: bytes, *, depth_max: int) -> object:
    """The value of `body`; raises the Problem that it has, if any.

    depth_max: so many arrays and objects may be open at once
    """
    try:
        value: object = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise Problem("request.bad_text", 400) from None
    except json.JSONDecodeError:
        raise Problem("request.not_json", 400) from None
    except RecursionError:
        raise _too_deep(depth_max) from None
    except ValueError:  # an integer of more digits than Python reads
        raise _out_of_range() from None
    _check_values((value,), depth_max, depth_max)
    return value


def _check_values(values: Iterable[object], depth_left: int, depth_max: int) -> None:
    for value in values:
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, int | float):
            if not INTEGER_MIN <= value <= INTEGER_MAX:
                raise _out_of_range()
        elif isinstance(value, dict | list):
            if depth_left == 0:
                raise _too_deep(depth_max)
            if isinstance(value, list):
                _check_values(value, depth_left - 1, depth_max)
            else:
                for name in value:
                    _check_text(name)
                _check_values(value.values(), depth_left - 1, depth_max)


def _check_text(text: str) -> None:
    if ("\0" in text) if text.isascii() else _UNSTORABLE.search(text):
        raise Problem("request.bad_text", 400)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Problem("request.duplicate_key", 400)
    return members


def _constant(_: str) -> Never:
    raise _out_of_range()


def _out_of_range() -> Problem:
    return Problem("request.number_out_of_range", 400)


def _too_deep(depth_max: int) -> Problem:
    return Problem("request.too_deep", 400, {"depth_max": depth_max})


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_constant)
