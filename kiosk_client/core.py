"""The core as the kiosk asks it: a number, no number after all, help, the printer, other branches."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx

from kiosk_client.settings import Settings
from queue_service.wire.edge.device import core_client

_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the core said. `code`, `detail`: of a refusal, the words in the language that was asked for."""

    status: int
    body: dict[str, Any]

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        return str(self.body.get("code", "unclear"))

    @property
    def detail(self) -> str:
        return str(self.body.get("detail", ""))


class Core:
    """One try each: None when there was no answer, or one that is no answer yet (too many requests, 5xx)."""

    def __init__(self, settings: Settings, token: str) -> None:
        self.client = core_client(settings, token)
        self._request_s_max = settings.request_s_max

    async def issue(self, branch: str, body: Body, key: str, language: str) -> Answer | None:
        """A number."""
        return await self._ask("POST", f"{_hall(branch)}/tickets", body, key=key, language=language)

    async def void(self, branch: str, key: str) -> Answer | None:
        """Nobody waits for the number asked for under `key`."""
        return await self._ask("POST", f"{_hall(branch)}/intents/void", {"key": key})

    async def help(self, branch: str, key: str) -> Answer | None:
        """A visitor wants a greeter."""
        return await self._ask("POST", f"{_hall(branch)}/help", {}, key=key)

    async def printer(self, branch: str, fault: str | None) -> Answer | None:
        """How the printer is."""
        return await self._ask("POST", f"{_hall(branch)}/printer", {"fault": fault})

    async def take(self, branch: str, print_id: str) -> Answer | None:
        """A ticket that a greeter wants printed here."""
        path = f"{_hall(branch)}/prints/{quote(print_id, safe='')}/take"
        return await self._ask("POST", path, {}, key=f"take-{print_id}")

    async def branch(self, branch: str) -> Answer | None:
        """The branch with its hours."""
        return await self._ask("GET", _hall(branch))

    async def branches(self) -> Answer | None:
        """All branches."""
        return await self._ask("GET", "branches")

    async def close(self) -> None:
        """Let the connections go."""
        await self.client.aclose()

    async def _ask(
        self, method: str, path: str, body: Body | None = None, *, key: str | None = None, language: str | None = None
    ) -> Answer | None:
        headers = {"Idempotency-Key": key} if key is not None else {}
        if language is not None:
            headers["Accept-Language"] = language
        try:
            async with asyncio.timeout(self._request_s_max):
                answer = await self.client.request(method, path, json=body, headers=headers)
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, TimeoutError, ValueError):
            return None
        if answer.status_code == _TOO_MANY or answer.status_code >= _SERVER_FAULT or not isinstance(told, dict):
            return None
        return Answer(status=answer.status_code, body=told)


def _hall(branch: str) -> str:
    return f"branches/{quote(branch, safe='')}"
