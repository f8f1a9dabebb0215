"""The callers whom this process knows by their token, so that a request reads no database."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from queue_service.identity.rules import Caller
from queue_service.identity.store import Sign
from queue_service.infra.database import Database

_BATCH_MAX = 500  # tokens read by one statement


@dataclass(slots=True, kw_only=True)
class _Known:
    sign: Sign
    read_at: datetime
    seen_at: datetime


class KnownCallers:
    """By the hash of their token.

    Beyond `known_max` the one unused for longest is forgotten, to be found in the rows again. Rows are believed for
    `age_max`: so long may lie between an end by another process and its effect here. `tell` is called with the
    `ended_name` of each caller who is found to be none any more.
    """

    def __init__(
        self,
        database: Database,
        read: Callable[[AsyncConnection, Sequence[str]], Awaitable[list[Sign]]],
        tell: Callable[[str], None],
        *,
        known_max: int,
        age_max: timedelta,
        idle_max: timedelta,
    ) -> None:
        self._database = database
        self._read = read
        self._tell = tell
        self._known_max = known_max
        self._age_max = age_max
        self._idle_max = idle_max
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._endings = 0

    async def find(self, token_hash: str, now: datetime) -> Caller | None:
        """The caller of a token, whose activity this is."""
        known = self._known.get(token_hash)
        if known is None or now - known.read_at >= self._age_max:
            known = await self._read_one(token_hash, now)
        if known is None or self._is_over(known, now):
            self._forget(token_hash)
            return None
        known.seen_at = max(known.seen_at, now)
        if token_hash in self._known:
            self._known.move_to_end(token_hash)
        return known.sign.caller

    async def read_again(self, now: datetime) -> None:
        """Reads all that is known from the rows, and forgets who is no caller any more."""
        token_hashes = list(self._known)
        for start in range(0, len(token_hashes), _BATCH_MAX):
            batch = token_hashes[start : start + _BATCH_MAX]
            async with self._database.read() as connection:
                signs = {sign.token_hash: sign for sign in await self._read(connection, batch)}
            for token_hash in batch:
                known = self._known.get(token_hash)
                if known is not None:
                    self._renew(known, signs.get(token_hash), now)

    def end(self, names: Iterable[str]) -> None:
        """Forgets who was ended here and now, and tells it, known or not."""
        ended = set(names)
        self._endings += 1
        for token_hash in [key for key, known in self._known.items() if ended_name(known.sign.caller) in ended]:
            del self._known[token_hash]
        for name in sorted(ended):
            self._tell(name)

    def unsaved(self, step: timedelta) -> dict[str, datetime]:
        """By token hash, the activity that is later by `step` than what the rows say."""
        return {
            token_hash: known.seen_at
            for token_hash, known in self._known.items()
            if known.sign.seen_at is not None and known.seen_at - known.sign.seen_at >= step
        }

    async def _read_one(self, token_hash: str, now: datetime) -> _Known | None:
        endings = self._endings
        async with self._database.read() as connection:
            signs = await self._read(connection, [token_hash])
        if not signs:
            return None
        [sign] = signs
        before = self._known.get(token_hash)
        seen_at = max(sign.seen_at or now, before.seen_at) if before is not None else sign.seen_at or now
        known = _Known(sign=sign, read_at=now, seen_at=seen_at)
        if endings == self._endings:  # else what was read may be what has just been ended: good for this request only
            self._known[token_hash] = known
            if len(self._known) > self._known_max:
                self._known.popitem(last=False)
        return known

    def _renew(self, known: _Known, sign: Sign | None, now: datetime) -> None:
        if sign is not None:
            known.sign = sign
            known.read_at = now
            known.seen_at = max(known.seen_at, sign.seen_at or now)
        if sign is None or self._is_over(known, now):
            self._forget(known.sign.token_hash)

    def _is_over(self, known: _Known, now: datetime) -> bool:
        if known.sign.expires_at is None:
            return False
        return now >= min(known.sign.expires_at, known.seen_at + self._idle_max)

    def _forget(self, token_hash: str) -> None:
        known = self._known.pop(token_hash, None)
        if known is not None:
            self._tell(ended_name(known.sign.caller))


def ended_name(caller: Caller) -> str:
    """By which the end of a caller is told: the public id of the session, or the id of the device."""
    return caller.session or caller.id
