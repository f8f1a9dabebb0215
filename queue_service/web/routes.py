"""Serves the pages: a document each, the modules and styles they load, the words, and the list of pages.

Everything is read once at start. Assets live under a path that holds a hash of all of them, so a browser may keep them
for a year; under an outdated hash (a page opened before an upgrade) it gets the present ones, to be asked for again.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from queue_service.infra import locales
from queue_service.settings import Settings

CONTENT_SECURITY_POLICY: Final = "require-trusted-types-for 'script'"
"""Of a page, beyond that of every answer (`infra.headers`): text never becomes markup."""

_MEDIA_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_KEEP = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_HASH_CHARS = 16
_IMPORT = re.compile(r'\bfrom\s*"(\.[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of this process; its module and style are `<id>/<id>.js` and `<id>/<id>.css`.

    is_by_branch: takes `?branch=`, so that each branch links to its own
    """

    id: str
    path: str
    is_by_branch: bool = False


PAGES: Final = (Page(id="home", path="/"), Page(id="counter", path="/counter", is_by_branch=True))


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes
    media_type: str
    tag: str


def install(router: Router, settings: Settings) -> None:
    """Put every page and what pages load into `router`, and a page for browsers that are led nowhere."""
    assets = {path: _file(body, _media_type(path)) for path, body in _assets().items()}
    version = _hash(*(part for path, asset in sorted(assets.items()) for part in (path.encode(), asset.body)))
    words = {f"{language}.json": _json(locales.catalogue(language)) for language in locales.languages()}
    pages = _json(page_list(settings))

    icon = assets["shared/mark.svg"]

    async def asset(request: Request) -> Response:
        is_present = request.path_params["version"] == version
        return _answer(request, assets.get(request.path_params["path"]), _KEEP if is_present else _ASK_AGAIN)

    async def catalogue(request: Request) -> Response:
        return _answer(request, words.get(request.path_params["name"]), _ASK_AGAIN)

    async def listed(request: Request) -> Response:
        return _answer(request, pages, _ASK_AGAIN)

    async def favicon(request: Request) -> Response:
        return _answer(request, icon, _ASK_AGAIN)

    prefix = f"/assets/{version}"
    router.routes += [
        *(_page_route(page, prefix, assets) for page in PAGES),
        Route("/assets/{version}/{path:path}", asset),
        Route("/locales/{name}", catalogue),
        Route("/pages.json", listed),
        Route("/favicon.ico", favicon),
    ]
    router.default = _nowhere(prefix, otherwise=router.default)


def page_list(settings: Settings) -> list[dict[str, str | bool]]:
    """The pages that a visitor of the home page may go to, those of the other processes where their address is set."""
    listed: list[dict[str, str | bool]] = [
        {"id": page.id, "url": page.path, "by_branch": page.is_by_branch} for page in PAGES if page.id != "home"
    ]
    for page_id, url in (("kiosk", settings.kiosk_url), ("display", settings.display_url)):
        if url is not None:
            listed.append({"id": page_id, "url": url, "by_branch": False})
    return listed


def _page_route(page: Page, prefix: str, assets: Mapping[str, _File]) -> Route:
    template = Template(_here().joinpath("page.html").read_text(encoding="utf-8"))
    preloads = "\n".join(
        f'<link rel="modulepreload" href="{prefix}/{path}">' for path in _imported(f"{page.id}/{page.id}.js", assets)
    )
    documents = {
        language: _file(
            template.substitute(
                assets=prefix,
                language=language,
                languages=" ".join(locales.languages()),
                noscript=locales.text(language, "web.noscript"),
                page=page.id,
                preloads=preloads,
                title=locales.text(language, "web.product"),
            ).encode(),
            "text/html",
        )
        for language in locales.languages()
    }

    async def document(request: Request) -> Response:
        language = locales.negotiate(request.headers.get("accept-language"))
        answer = _answer(request, documents[language], _ASK_AGAIN)
        answer.headers["Content-Language"] = language
        answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        answer.headers.add_vary_header("Accept-Language")
        return answer

    return Route(page.path, document, name=f"page:{page.id}")


def _nowhere(prefix: str, *, otherwise: ASGIApp) -> ASGIApp:
    """What answers where no route does: a person who opened an address gets a page, anybody else `otherwise`."""
    parts = "\n".join(
        f'<div class="stack" lang="{language}">'
        f"<h1>{locales.text(language, 'web.nowhere.title')}</h1>"
        f'<p><a class="button main" href="/">{locales.text(language, "web.nowhere.home")}</a></p></div>'
        for language in locales.languages()
    )
    page = Template(_here().joinpath("nowhere.html").read_text(encoding="utf-8")).substitute(
        assets=prefix,
        language=locales.LANGUAGE_FIRST,
        parts=parts,
        title=locales.text(locales.LANGUAGE_FIRST, "web.nowhere.title"),
    )
    slashed = {f"{known.path}/": known.path for known in PAGES}

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await (_answer_nowhere(scope) or otherwise)(scope, receive, send)

    def _answer_nowhere(scope: Scope) -> Response | None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return None
        request = Request(scope)
        if request.url.path in slashed:
            return RedirectResponse(request.url.replace(path=slashed[request.url.path], scheme="", netloc=""), 308)
        if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            return None
        return HTMLResponse(page, 404, {"Vary": "Accept", "Content-Security-Policy": CONTENT_SECURITY_POLICY})

    return default


def _imported(path: str, assets: Mapping[str, _File]) -> list[str]:
    """Every module that the module at `path` imports, directly or not, each once, nearest first."""
    found: list[str] = []
    pending = [path]
    while pending:
        module = pending.pop(0)
        for name in _IMPORT.findall(assets[module].body.decode()):
            imported = _resolved(module, name)
            if imported not in found:
                found.append(imported)
                pending.append(imported)
    return found


def _resolved(module: str, name: str) -> str:
    steps = module.split("/")[:-1]
    for step in name.split("/"):
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def _answer(request: Request, file: _File | None, cache_control: str) -> Response:
    if file is None:
        raise HTTPException(404)
    headers = {"ETag": file.tag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=file.media_type)


def _assets() -> dict[str, bytes]:
    """Every file of a kind that pages load, by its path under this folder."""
    return {
        f"{folder.name}/{entry.name}": entry.read_bytes()
        for folder in _here().iterdir()
        if folder.is_dir()
        for entry in folder.iterdir()
        if _suffix(entry.name) in _MEDIA_TYPES
    }


def _json(value: object) -> _File:
    return _file(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def _file(body: bytes, media_type: str) -> _File:
    # Weak, because the packed and the plain body share it.
    return _File(body, gzip.compress(body, mtime=0), media_type, f'W/"{_hash(body)}"')


def _hash(*parts: bytes) -> str:
    return sha256(b"\0".join(parts)).hexdigest()[:_HASH_CHARS]


def _media_type(path: str) -> str:
    return _MEDIA_TYPES[_suffix(path)]


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]


def _here() -> Traversable:
    return files("queue_service.web")
