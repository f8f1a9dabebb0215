"""The catalogues agree: same keys, same placeholders, in order, in their one written form."""

import json
from importlib.resources import files
from string import Formatter

import pytest

from queue_service.wire import locales


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", locales.languages())
def test_catalogue_is_written_in_its_one_form(language: str) -> None:
    written = files("queue_service.locales").joinpath(f"{language}.json").read_text(encoding="utf-8")
    texts = json.loads(written)
    assert written == json.dumps(dict(sorted(texts.items())), ensure_ascii=False, indent=2) + "\n"
    assert all(isinstance(text, str) and text.strip() for text in texts.values())


@pytest.mark.parametrize("language", [tag for tag in locales.languages() if tag != locales.LANGUAGE_FIRST])
def test_catalogues_have_equal_keys_and_placeholders(language: str) -> None:
    first, other = locales.catalogue(locales.LANGUAGE_FIRST), locales.catalogue(language)
    assert first.keys() == other.keys()
    assert {key: placeholders(text) for key, text in first.items()} == {
        key: placeholders(text) for key, text in other.items()
    }
