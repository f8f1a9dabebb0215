"""One caller of a running core: a device or a member of staff, who keeps trying through cuts and restarts."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

import httpx

from queue_service.infra.chance import secure_token

ANSWER_WAIT_S_MAX = 10
INTENT_WAIT_S_MAX = 60
"""One intent is tried for so many seconds, under one key; then it is given up."""
RETRY_S_FIRST = 0.5
RETRY_S_MAX = 5.0
KEY_BYTES = 18

UNREACHABLE = "unreachable"
"""Code of an intent that was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the core said: the body, or the code of its refusal."""

    code: str | None = None
    """None: done."""
    body: dict[str, Any] = field(default_factory=dict)


class Caller:
    """A connection with its own identity; use as an async context manager."""

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext,
        *,
        token: str | None = None,
        account: tuple[str, str] | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx.AsyncClient(
            base_url=f"{base_url}/api/v1", verify=tls, headers=headers, timeout=ANSWER_WAIT_S_MAX, trust_env=False
        )
        self._account = account
        self.sign_ins = 0
        """Times that this caller has signed in; each is a session of its own."""

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Answer:
        """Read something."""
        return await self._intent("GET", path, None, {}, INTENT_WAIT_S_MAX)

    async def do(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, wait_s_max: float = INTENT_WAIT_S_MAX
    ) -> Answer:
        """Do something, once, however often it has to be said."""
        return await self._intent(method, path, body, {"Idempotency-Key": secure_token(KEY_BYTES)}, wait_s_max)

    async def _intent(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str], wait_s_max: float
    ) -> Answer:
        retry_s = RETRY_S_FIRST
        try:
            async with asyncio.timeout(wait_s_max):
                while True:
                    answer = await self._once(method, path, body, headers)
                    if answer is not None:
                        return answer
                    await asyncio.sleep(retry_s)
                    retry_s = min(retry_s * 2, RETRY_S_MAX)
        except TimeoutError:
            return Answer(code=UNREACHABLE)

    async def _once(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> Answer | None:
        """The answer; None when it is worth asking again."""
        try:
            if self._account is not None and self.sign_ins == 0 and not await self._sign_in(self._account):
                return None
            response = await self._http.request(method, path, json=body, headers=headers)
            if response.status_code == httpx.codes.UNAUTHORIZED and self._account is not None:
                await self._sign_in(self._account)
                return None
        except httpx.TransportError:
            return None
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            return None
        told = response.json() if response.content else {}
        return Answer(body=told) if response.is_success else Answer(code=told.get("code", "unknown"))

    async def _sign_in(self, account: tuple[str, str]) -> bool:
        username, password = account
        response = await self._http.post("/session", json={"username": username, "password": password})
        self.sign_ins += response.is_success
        return response.is_success
