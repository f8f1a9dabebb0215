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


class SecurityHeaders:
    """Adds `security_headers`; answers under /api are not to be stored by anyone."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self.for_pages = security_headers(is_https=is_https)
        self.for_api = [*self.for_pages, (b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        added = self.for_api if scope["path"].startswith("/api/") else self.for_pages

        async def send_with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, receive, send_with_headers)
