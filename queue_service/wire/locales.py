"""The words of the service: one catalogue of texts per language, and which language a reader gets."""

import json
import os
from functools import cache, lru_cache
from importlib.resources import files

LANGUAGE_FIRST = "zh-CN"
"""Spoken to readers who name no language."""
LANGUAGE_COMMON = "en"
"""Spoken to readers who name only languages without a catalogue."""

_HEADER_CHARS_MAX = 200
_HEADERS_REMEMBERED_MAX = 512


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, as BCP 47 tags; the first language first."""
    names = (entry.name for entry in files("queue_service.locales").iterdir())
    tags = {name.removesuffix(".json") for name in names if name.endswith(".json")}
    return (LANGUAGE_FIRST, *sorted(tags - {LANGUAGE_FIRST}))


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of one of `languages()` by key."""
    assert language in languages(), language
    texts: dict[str, str] = json.loads(
        files("queue_service.locales").joinpath(f"{language}.json").read_text(encoding="utf-8")
    )
    return texts


def text(language: str, key: str, **params: str | int | float | None) -> str:
    """The text of `key` with its {placeholders} filled; an unknown key or a missing parameter raises KeyError."""
    return catalogue(language)[key].format_map(params)


@lru_cache(maxsize=_HEADERS_REMEMBERED_MAX)
def negotiate(header: str | None) -> str:
    """The one of `languages()` that suits an Accept-Language header best; any header, however broken, gets one."""
    wanted = _tags_by_preference((header or "")[:_HEADER_CHARS_MAX])
    if not wanted or wanted == ["*"]:
        return LANGUAGE_FIRST
    by_tag = {tag.lower(): tag for tag in languages()}
    # A reader of a variety without a catalogue (zh-TW, en-GB) is served in the language itself.
    by_language = {tag.split("-")[0].lower(): tag for tag in languages()}
    for tag in wanted:
        suited = by_tag.get(tag.lower()) or by_language.get(tag.split("-")[0].lower())
        if suited:
            return suited
    return LANGUAGE_COMMON


def of_terminal() -> str:
    """The one of `languages()` that suits who reads this process's terminal."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return negotiate(told.partition(".")[0].replace("_", "-") or LANGUAGE_COMMON)


def _tags_by_preference(header: str) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.partition("=")[2]) if quality else 1.0
        except ValueError:
            continue
        if tag.strip() and 0 < weight <= 1:
            weighted.append((weight, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]
