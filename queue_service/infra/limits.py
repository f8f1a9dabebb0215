"""How much one caller may ask: requests by caller or address, tickets by caller, sockets by address."""

import hashlib
import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from starlette.types import ASGIApp, Receive, Scope, Send

from queue_service.infra import problems
from queue_service.infra.problems import Problem
from queue_service.settings import Settings

IPV6_PREFIX_BITS = 64
"""One subscriber usually has so large a network, so its addresses count as one."""


class Buckets:
    """Token buckets by key, as the generic cell rate algorithm (ITU-T I.371): one number a key.

    Remembers `keys_max` keys; the one unused for longest is forgotten first and starts full again.
    """

    def __init__(self, *, rate_per_s: float, burst: int, keys_max: int) -> None:
        self._interval_s = 1 / rate_per_s
        self._ahead_s_max = burst / rate_per_s
        self._keys_max = keys_max
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now_s: float) -> float:
        """0 where a token was taken; else the seconds until there is one, and nothing was taken.

        now_s: seconds of any clock that never goes back
        """
        full_at = max(self._full_at.get(key, now_s), now_s) + self._interval_s
        wait_s = full_at - now_s - self._ahead_s_max
        # A billionth of slack keeps rounding from costing the last token of a burst.
        if wait_s > 1e-9:
            return wait_s
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._keys_max:
            self._full_at.popitem(last=False)
        return 0.0

    def give_back(self, key: str) -> None:
        """Puts back a token that was taken; no bucket overflows."""
        if key in self._full_at:
            self._full_at[key] -= self._interval_s


class Limits:
    """The limits of one process; a refusal is 429 `request.too_many` with Retry-After.

    Who is asking is known only after the credential was checked. So a credential that was found good is remembered
    (by its digest) with its caller, whose bucket pays from then on; all others are paid for by their address.
    """

    def __init__(self, settings: Settings, now_s: Callable[[], float] = time.monotonic) -> None:
        keys_max = settings.limit_keys_max
        self._now_s = now_s
        self._of_address = Buckets(
            rate_per_s=settings.limit_address_requests_per_s, burst=settings.limit_address_burst, keys_max=keys_max
        )
        self._of_caller = Buckets(
            rate_per_s=settings.limit_caller_requests_per_s, burst=settings.limit_caller_burst, keys_max=keys_max
        )
        self._of_issuer = Buckets(
            rate_per_s=settings.limit_issue_tickets_per_s, burst=settings.limit_issue_burst, keys_max=keys_max
        )
        self._callers: OrderedDict[bytes, str] = OrderedDict()
        self._callers_max = keys_max

    def admit(self, scope: Scope) -> None:
        """Counts a request; raises the Problem of one too many."""
        credential = _credential_digest(scope)
        caller_id = self._callers.get(credential) if credential else None
        if caller_id is None:
            self._take(self._of_address, client_network(scope))
        else:
            self._take(self._of_caller, caller_id)

    def remember(self, scope: Scope, caller_id: str) -> None:
        """Lets `caller_id` pay for further requests with this request's credential, which was found good."""
        credential = _credential_digest(scope)
        if credential is None or self._callers.get(credential) == caller_id:
            return
        self._callers[credential] = caller_id
        if len(self._callers) > self._callers_max:
            self._callers.popitem(last=False)

    def admit_issue(self, caller_id: str) -> None:
        """Counts a ticket asked for by a device or a member of staff; raises the Problem of one too many."""
        self._take(self._of_issuer, caller_id)

    def _take(self, buckets: Buckets, key: str) -> None:
        wait_s = buckets.take(key, self._now_s())
        if wait_s:
            retry_s = ceil(wait_s)
            raise Problem("request.too_many", 429, {"retry_s": retry_s}, headers={"Retry-After": str(retry_s)})


class RequestLimit:
    """Refuses requests and handshakes beyond the limits before anything is done for them."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] != "lifespan":
                self.limits.admit(scope)
        except Problem as problem:
            await problems.response(problem, scope)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class SocketSeats:
    """How many sockets each address holds open; the limit for all together is in `infra.push`."""

    def __init__(self, settings: Settings) -> None:
        self._per_address_max = settings.socket_per_address_max
        self._taken: Counter[str] = Counter()

    @contextmanager
    def seat(self, scope: Scope) -> Iterator[None]:
        """A place for one socket while the block runs; raises the Problem of one too many, before the handshake."""
        network = client_network(scope)
        if self._taken[network] >= self._per_address_max:
            raise Problem("request.too_many_sockets", 429)
        self._taken[network] += 1
        try:
            yield
        finally:
            self._taken[network] -= 1
            if not self._taken[network]:
                del self._taken[network]


def client_network(scope: Scope) -> str:
    """The address that counts as one client: an IPv4 address, an IPv6 /64, or "" where the transport has none."""
    host: str = scope["client"][0] if scope.get("client") else ""
    if ":" not in host:
        return host
    try:
        return str(ipaddress.IPv6Network((host.partition("%")[0], IPV6_PREFIX_BITS), strict=False))
    except ValueError:
        return host


def _credential_digest(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name in {b"authorization", b"cookie"}:
            return hashlib.blake2b(value, digest_size=16).digest()
    return None
