"""Passwords, hashed and checked by argon2 in threads of their own, so that the hall does not wait for it."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pwdlib import PasswordHash

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found."""

    is_right: bool
    rehashed: str | None
    """The hash to keep from now on, when the parameters of the old one are out of date."""


class Passwords:
    """A bounded number of checks at once, a bounded number waiting."""

    def __init__(self, hasher: PasswordHash, *, threads: int, pending_max: int) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._pending = 0
        self._pending_max = pending_max
        self._nobodys_hash = hasher.hash("")

    @property
    def is_full(self) -> bool:
        """Whether to refuse rather than begin another one."""
        return self._pending >= self._pending_max

    async def check(self, password: str, password_hash: str | None) -> Verdict:
        """Whether it is the password of the hash; None is nobody's hash and takes as long as anybody's."""
        return await self._run(lambda: self._check(_normal(password), password_hash))

    async def hash(self, password: str) -> str:
        """A salted hash to keep."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    def close(self) -> None:
        """Waits for what is being hashed."""
        self._threads.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1

    def _check(self, password: str, password_hash: str | None) -> Verdict:
        is_right, rehashed = self._hasher.verify_and_update(password, password_hash or self._nobodys_hash)
        return Verdict(is_right=is_right and password_hash is not None, rehashed=rehashed)


def _normal(password: str) -> str:
    """The same text, whichever keyboard composed it (NFKC, as NIST SP 800-63B advises)."""
    return unicodedata.normalize("NFKC", password)
