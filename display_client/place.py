"""Which hall this device belongs to: the core tells, and the disk remembers for a start without the core."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import httpx
import msgspec
import structlog

ASK_AGAIN_S: Final = 3
"""Between two tries while the core has not told."""
LOOK_AGAIN_S: Final = 60
"""Between two looks whether the device has been moved to another branch."""
ANSWER_S_MAX: Final = 5

_log = structlog.get_logger()


class Place(msgspec.Struct, frozen=True):
    """What this device needs to know of itself; the core says more."""

    branch: str


async def branches(client: httpx.AsyncClient, path: Path) -> AsyncGenerator[str, None]:
    """The branch by its id: the one remembered at `path`, then whichever the core says when it is another; for ever.

    `client` speaks to the core as this device.
    """
    known = _remembered(path)
    if known is not None:
        yield known.branch
    while True:
        told = await _told(client)
        if told is not None and told != known:
            known = told
            _remember(path, told)
            yield told.branch
        await asyncio.sleep(ASK_AGAIN_S if told is None else LOOK_AGAIN_S)


async def _told(client: httpx.AsyncClient) -> Place | None:
    try:
        answer = await client.get("/api/v1/device", timeout=ANSWER_S_MAX)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=Place)
    except httpx.HTTPStatusError as refusal:
        _log.warning("device_refused", status=refusal.response.status_code)
    except (httpx.HTTPError, msgspec.DecodeError) as failure:
        _log.info("core_unreached", kind=type(failure).__name__)
    return None


def _remembered(path: Path) -> Place | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Place)
    except (OSError, msgspec.DecodeError):
        return None


def _remember(path: Path, place: Place) -> None:
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(place))
        draft.replace(path)
    except OSError as failure:
        _log.warning("place_not_kept", kind=type(failure).__name__)  # the core will tell again
