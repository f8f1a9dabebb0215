"""Serves pages: a document each, the modules and styles they load, and the words; for the core and the edge clients.

Everything is read once at start. Assets live under a path that holds a hash of all of them, so a browser may keep them
for a year; under an outdated hash (a page opened before an upgrade) it gets the present ones, to be asked for again.
"""

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, Router, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from queue_service.wire import locales

CONTENT_SECURITY_POLICY: Final = "require-trusted-types-for 'script'"
"""Of a page, beyond that of every answer (`wire.headers`): text never becomes markup."""

SHARED: Final = ("shared", "vendor")
"""Folders of the core's pages that every page may load from."""

_MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_KEEP = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_HASH_CHARS = 16
_IMPORT = re.compile(r'\bfrom\s*"(\.[^"]+)"')
_WORD_NAMED = re.compile(r'"([a-z][\w.-]*)"')
_WORDS_BUILT = re.compile(r'`([a-z][\w.-]*\.)\$\{|\bworded\("([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a process; its module and style are `<id>/<id>.js` and `<id>/<id>.css`.

    is_by_branch: takes `?branch=`, so that each branch links to its own
    is_listed: has an address of its own that the home page may lead to
    is_light: gets the words that its modules name and no others, for who waits on a slow network
    """

    id: str
    path: str
    is_by_branch: bool = False
    is_listed: bool = True
    is_light: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """Something that never changes while the process runs."""

    body: bytes
    packed: bytes
    media_type: str
    tag: str


def install(router: Router, pages: Sequence[Page], folder: Traversable) -> None:
    """Put `pages`, whose folders lie in `folder`, and what they load into `router`.

    A browser that is led nowhere gets a page too.
    """
    assets = {path: _file(body, _media_type(path)) for path, body in _assets(folder).items()}
    version = _hash(*(part for path, asset in sorted(assets.items()) for part in (path.encode(), asset.body)))
    words = {f"{language}.json": json_file(locales.catalogue(language)) for language in locales.languages()}
    for page in pages:
        if page.is_light:
            words |= {
                f"{page.id}.{language}.json": json_file(_words_named(page, language, assets))
                for language in locales.languages()
            }
    icon = assets["shared/mark.svg"]

    async def asset(request: Request) -> Response:
        is_present = request.path_params["version"] == version
        return answer(request, assets.get(request.path_params["path"]), _KEEP if is_present else _ASK_AGAIN)

    async def catalogue(request: Request) -> Response:
        return answer(request, words.get(request.path_params["name"]))

    async def favicon(request: Request) -> Response:
        return answer(request, icon)

    prefix = f"/assets/{version}"
    router.routes += [
        *(_page_route(page, prefix, assets) for page in pages),
        Route("/assets/{version}/{path:path}", asset),
        Route("/locales/{name}", catalogue),
        Route("/favicon.ico", favicon),
    ]
    router.default = _nowhere(prefix, pages, otherwise=router.default)


def json_file(value: object) -> File:
    """Something to be told as JSON, made once."""
    return _file(json.dumps(value, ensure_ascii=False).encode(), "application/json")


def answer(request: Request, file: File | None, cache_control: str = _ASK_AGAIN) -> Response:
    """A file as this browser wants it; raises 404 where there is none."""
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


def _page_route(page: Page, prefix: str, assets: Mapping[str, File]) -> Route:
    template = Template(_core_pages().joinpath("shared", "page.html").read_text(encoding="utf-8"))
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
                words=f"{page.id}." if page.is_light else "",
            ).encode(),
            "text/html",
        )
        for language in locales.languages()
    }

    async def document(request: Request) -> Response:
        language = locales.negotiate(request.headers.get("accept-language"))
        told = answer(request, documents[language])
        told.headers["Content-Language"] = language
        told.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        told.headers.add_vary_header("Accept-Language")
        return told

    return Route(page.path, document, name=f"page:{page.id}")


def _nowhere(prefix: str, pages: Sequence[Page], *, otherwise: ASGIApp) -> ASGIApp:
    """What answers where no route does: a person who opened an address gets a page, anybody else `otherwise`."""
    parts = "\n".join(
        f'<div class="stack" lang="{language}">'
        f"<h1>{locales.text(language, 'web.nowhere.title')}</h1>"
        f'<p><a class="button main" href="/">{locales.text(language, "web.nowhere.home")}</a></p></div>'
        for language in locales.languages()
    )
    page = Template(_core_pages().joinpath("shared", "nowhere.html").read_text(encoding="utf-8")).substitute(
        assets=prefix,
        language=locales.LANGUAGE_FIRST,
        parts=parts,
        title=locales.text(locales.LANGUAGE_FIRST, "web.nowhere.title"),
    )
    slashed = [compile_path(f"{known.path}/")[0] for known in pages]

    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await (_answer_nowhere(scope) or otherwise)(scope, receive, send)

    def _answer_nowhere(scope: Scope) -> Response | None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return None
        request = Request(scope)
        if any(pattern.match(request.url.path) for pattern in slashed):
            unslashed = request.url.path.removesuffix("/")
            return RedirectResponse(request.url.replace(path=unslashed, scheme="", netloc=""), 308)
        if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            return None
        return HTMLResponse(page, 404, {"Vary": "Accept", "Content-Security-Policy": CONTENT_SECURITY_POLICY})

    return default


def _words_named(page: Page, language: str, assets: Mapping[str, File]) -> dict[str, str]:
    """The words whose keys stand in the page's modules, whole or as `prefix.${code}`."""
    module = f"{page.id}/{page.id}.js"
    source = "\n".join(assets[path].body.decode() for path in (module, *_imported(module, assets)))
    named = set(_WORD_NAMED.findall(source))
    built = tuple(prefix or f"{worded}." for prefix, worded in _WORDS_BUILT.findall(source))
    words = locales.catalogue(language)
    return {key: text for key, text in words.items() if key in named or key.startswith(built)}


def _imported(path: str, assets: Mapping[str, File]) -> list[str]:
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


def _assets(folder: Traversable) -> dict[str, bytes]:
    """Every file of a kind that pages load, by folder and name."""
    own = [entry for entry in folder.iterdir() if entry.is_dir() and entry.name not in SHARED]
    return {
        f"{directory.name}/{entry.name}": entry.read_bytes()
        for directory in [*(_core_pages().joinpath(name) for name in SHARED), *own]
        for entry in directory.iterdir()
        if _suffix(entry.name) in _MEDIA_TYPES
    }


def _file(body: bytes, media_type: str) -> File:
    # Weak, because the packed and the plain body share it.
    return File(body, gzip.compress(body, mtime=0), media_type, f'W/"{_hash(body)}"')


def _hash(*parts: bytes) -> str:
    return sha256(b"\0".join(parts)).hexdigest()[:_HASH_CHARS]


def _media_type(path: str) -> str:
    return _MEDIA_TYPES[_suffix(path)]


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]


def _core_pages() -> Traversable:
    """Plain files, read as such: no code of the core's pages runs in an edge client."""
    return files("queue_service") / "web"
