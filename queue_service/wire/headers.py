"""The headers that keep browsers careful, on every answer of the core and of the edge clients."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HeaderList = list[tuple[bytes, bytes]]

HSTS_S = 31_536_000
"""Browsers keep to https for so many seconds after each answer: a year."""

# Everything a page loads comes from here; 'self' covers the sockets too.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def security_headers(*, is_https: bool) -> HeaderList:
    """The headers of every answer; Strict-Transport-Security exactly when browsers come by https."""
    texts = {
        "content-security-policy": _CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if is_https:
        texts["strict-transport-security"] = f"max-age={HSTS_S}"
    return [(name.encode(), value.encode()) for name, value in texts.items()]


_ASSETS = "/assets/"
_PARTS = (".js", ".css")
_FOR_PARTS = frozenset({b"x-content-type-options", b"cross-origin-resource-policy", b"strict-transport-security"})
"""What a module or a style needs. The rest binds documents alone, and would be half of what a phone has to load."""


class SecurityHeaders:
    """Adds `security_headers`, to modules and styles those that bind them; nobody is to store answers under /api."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.for_pages = security_headers(is_https=is_https)
        self.for_parts = [(name, value) for name, value in self.for_pages if name in _FOR_PARTS]
        self.for_api = [*self.for_pages, (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        added = self._for(scope["path"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _for(self, path: str) -> HeaderList:
        if path.startswith("/api/"):
            return self.for_api
        return self.for_parts if path.startswith(_ASSETS) and path.endswith(_PARTS) else self.for_pages
