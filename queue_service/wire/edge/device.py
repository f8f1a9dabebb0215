"""Which device this is: the core tells, and the disk remembers for a start without the core."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final

import httpx
import msgspec
import structlog

from queue_service.wire.edge.settings import EdgeSettings

ASK_AGAIN_S: Final = 3
"""Between two tries while the core has not told."""
LOOK_AGAIN_S: Final = 60
"""Between two looks whether the device is another one by now: renamed, or moved to another branch."""
ANSWER_S_MAX: Final = 4

_NO_ANSWER_YET: Final = (429, *range(500, 600))

_log = structlog.get_logger()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What the core knows this device as."""

    id: str
    name: str
    branch: str


def core_client(settings: EdgeSettings, token: str) -> httpx.AsyncClient:
    """Speaks to the core's interface as this device. Without patience of its own: whoever asks says how long.

    It believes the authorities that its machine believes, as the live socket does: a house may have one of its own.
    """
    return httpx.AsyncClient(
        base_url=f"{settings.core_url}/api/v1/",
        headers={"Authorization": f"Bearer {token}"},
        timeout=None,  # noqa: S113 each request as a whole has its time
        trust_env=False,
        verify=ssl.create_default_context(),
    )


async def devices(
    client: httpx.AsyncClient, folder: Path, *, on_refusal: Callable[[int | None], None]
) -> AsyncGenerator[Device, None]:
    """This device as remembered in `folder`, then as the core says whenever that is another one; for ever.

    `on_refusal` gets the status with which the core refuses this device, None where it does not.
    """
    path = folder / "device.json"
    known = _remembered(path)
    if known is not None:
        yield known
    while True:
        told = await _told(client, on_refusal)
        if told is not None and told != known:
            known = told
            _remember(path, told)
            yield told
        await asyncio.sleep(ASK_AGAIN_S if told is None else LOOK_AGAIN_S)


async def _told(client: httpx.AsyncClient, on_refusal: Callable[[int | None], None]) -> Device | None:
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            answer = await client.get("device")
        if answer.status_code in _NO_ANSWER_YET:
            return None
        on_refusal(None if answer.is_success else answer.status_code)
        if answer.is_success:
            return msgspec.json.decode(answer.content, type=Device)
        _log.warning("device.refused", status=answer.status_code)
    except (httpx.HTTPError, TimeoutError, msgspec.DecodeError) as failure:
        _log.info("core.unreached", core=str(client.base_url), kind=type(failure).__name__)
    return None


def _remembered(path: Path) -> Device | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Device)
    except (OSError, msgspec.DecodeError):
        return None


def _remember(path: Path, device: Device) -> None:
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(device))
        draft.replace(path)
    except OSError as failure:
        _log.warning("device.not_kept", kind=type(failure).__name__)  # the core will tell again
