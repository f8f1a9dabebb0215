"""The door of every route: who asks, and whether the table lets them in.

`app.state.guard` holds the one `Guard` of the process. Staff come by cookie, devices by `Authorization: Bearer`, a
visitor by the token in the link, which is the ticket routes' own affair.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from queue_service.identity.rules import NOBODY, Caller, Denial, Permission, denial
from queue_service.identity.service import Identity
from queue_service.infra.limits import Limits
from queue_service.infra.problems import Problem
from queue_service.settings import Settings
from queue_service.wire.clock import Clock

_METHODS_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS_USUAL = {"http": ":80", "https": ":443"}
_FETCH_SITES_OWN = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Tells callers apart."""

    identity: Identity
    limits: Limits
    settings: Settings
    clock: Clock

    async def identify(self, connection: HTTPConnection) -> Caller:
        """See `identify` below."""
        caller = await self._caller(connection)
        if caller is not NOBODY:
            self.limits.remember(connection.scope, caller.id)
        return caller

    async def _caller(self, connection: HTTPConnection) -> Caller:
        authorization = connection.headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            device = await self.identity.device(token.strip(), self.clock()) if scheme.lower() == "bearer" else None
            if device is None:
                raise Problem("device.unknown", 401, headers={"WWW-Authenticate": "Bearer"})
            return device
        cookie = connection.cookies.get(cookie_name(self.settings))
        if cookie is None:
            return NOBODY
        if not self._own(connection):
            raise Problem("request.cross_site", 403)
        staff = await self.identity.staff(cookie, self.clock())
        if staff is None:
            raise Problem("session.unknown", 401)
        return staff

    def _own(self, connection: HTTPConnection) -> bool:
        if connection.scope["type"] == "websocket":
            return origin_allowed(connection.headers, self.settings)
        return connection.scope["method"] in _METHODS_SAFE or not cross_site(connection.headers, self.settings)


async def identify(connection: HTTPConnection) -> Caller:
    """Who is behind a request or a socket; `NOBODY` without cookie and token.

    Raises `Problem`: 401 `session.unknown`, `device.unknown` for a cookie or a token that is none (any more); 403
    `request.cross_site` when a foreign page uses the cookie for an unsafe method or a socket.
    """
    guard: Guard = connection.app.state.guard
    return await guard.identify(connection)


def demand(caller: Caller, branch_id: str | None, *permissions: Permission) -> None:
    """Returns when one of `permissions` is the caller's at the branch; else raises the 401 or 403."""
    assert permissions
    denials = set[Denial]()
    for permission in permissions:
        reason = denial(caller, permission, branch_id)
        if reason is None:
            return
        denials.add(reason)
    if Denial.SESSION_REQUIRED in denials:
        raise Problem(Denial.SESSION_REQUIRED, 401)
    # The more telling one first: who may do it elsewhere learns that it is the branch.
    raise Problem(Denial.OTHER_BRANCH if Denial.OTHER_BRANCH in denials else Denial.FORBIDDEN, 403)


def allowed(*permissions: Permission) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """A dependency that gives the caller when one of `permissions` is theirs at the branch in the path (`{branch}`)."""

    async def dependency(connection: HTTPConnection) -> Caller:
        caller = await identify(connection)
        demand(caller, connection.path_params.get("branch"), *permissions)
        return caller

    return dependency


def cookie_name(settings: Settings) -> str:
    """Of the session's cookie; the prefix makes browsers hold it to https, this host and the whole path."""
    return "__Host-queue_session" if settings.is_https else "queue_session"


def origin_of(url: str) -> str:
    """The `Origin` that a browser sends for pages of this address (RFC 6454): lower case, no usual port."""
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc.removesuffix(_PORTS_USUAL.get(parts.scheme, ''))}"


def origin_allowed(headers: Headers, settings: Settings) -> bool:
    """Whether the page that opened a socket is ours; without `Origin` it was no page but a program.

    Ours is the base address, and the host that was asked for, unless that would be a fall back from https.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin == origin_of(settings.base_url):
        return True
    scheme, _, host = origin.partition("://")
    return host == headers.get("host") and (scheme == "https" or (scheme == "http" and not settings.is_https))


def cross_site(headers: Headers, settings: Settings) -> bool:
    """Whether a request was made by a page that is not ours, by `Sec-Fetch-Site` and `Origin`."""
    site = headers.get("sec-fetch-site")
    return (site is not None and site not in _FETCH_SITES_OWN) or not origin_allowed(headers, settings)
