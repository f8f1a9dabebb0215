"""What a request must be before anything reads it: an address that decodes, a body of strict JSON and bounded size."""

import re
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queue_service.infra import problems, strict_json
from queue_service.infra.problems import Problem
from queue_service.settings import Settings

JSON_KEY = "queue_service.json"
"""Where in the scope the value of the body stands, if there is a body, for who does not have it decoded again."""

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PLAIN = re.compile(rb"[!-$&-~]*")
"""Nothing to decode, as nearly always."""
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_LENGTH_DIGITS_MAX = 18
_JSON = re.compile(rb"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)


class _Gone(Exception):
    """The client went before its body was whole."""


class Gate:
    """Answers what cannot be read; what passes has its body whole, so that a route never waits for it."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.url_bytes_max = settings.url_bytes_max
        self.body_bytes_max = settings.body_bytes_max
        self.depth_max = settings.body_depth_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] in {"http", "websocket"}:
                self._check_url(scope["raw_path"], scope["query_string"])
            if scope["type"] == "http":
                receive = await self._checked(scope, receive)
        except Problem as problem:
            await problems.response(problem, scope)(scope, receive, send)
        except _Gone:
            return
        else:
            await self.app(scope, receive, send)

    def _check_url(self, path: bytes, query: bytes) -> None:
        if len(path) + len(query) > self.url_bytes_max:
            raise Problem("request.url_too_long", 414)
        for part in (path, query):
            if _PLAIN.fullmatch(part):
                continue
            if not part.isascii() or _BROKEN_ESCAPE.search(part):
                raise Problem("request.bad_url", 400)
            try:
                text = unquote_to_bytes(part).decode()
            except UnicodeDecodeError:
                raise Problem("request.bad_url", 400) from None
            if _CONTROL.search(text):
                raise Problem("request.bad_url", 400)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        length, is_chunked, media_type = b"0", False, b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                is_chunked = True
            elif name == b"content-type":
                media_type = value
        # In HTTP/1.1 a request without both headers has no body; most requests here have none.
        if length == b"0" and not is_chunked:
            return receive
        if not is_chunked and (len(length) > _LENGTH_DIGITS_MAX or int(length) > self.body_bytes_max):
            raise Problem("request.too_large", 413)
        body = await self._read(receive)
        if body:
            if not _JSON.fullmatch(media_type):
                raise Problem("request.not_json_type", 415)
            scope[JSON_KEY] = strict_json.read(body, depth_max=self.depth_max)
        return _replay(body, receive)

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _Gone
            body += message.get("body", b"")
            if len(body) > self.body_bytes_max:
                raise Problem("request.too_large", 413)
            if not message.get("more_body", False):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    is_told = False

    async def replay() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
