"""The variables of the environment that set a process up, in words: what a value is to be, which name was meant."""

import os
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from enum import Enum, StrEnum
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from queue_service.wire import locales


def unknown(language: str, prefix: str, known: Collection[str]) -> Iterator[str]:
    """A warning for each variable with `prefix` that is none of ours, and so changes nothing."""
    for name in sorted(name for name in os.environ if name.upper().startswith(prefix)):
        if name.upper() not in known:
            warned = locales.text(language, "setting.unknown", name=name)
            meant = get_close_matches(name.upper(), known, n=1)
            yield f"{warned} {locales.text(language, 'setting.suggestion', suggestion=meant[0])}" if meant else warned


def rule(language: str, field: FieldInfo) -> str:
    """What a value of the field has to be; a `StrEnum` in its annotation names what its type does not say."""
    kind = field.annotation
    choices: tuple[object, ...] = ()
    if get_origin(kind) is Literal:
        choices = get_args(kind)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        choices = tuple(member.value for member in kind)
    if choices:
        return locales.text(language, "setting.one_of", known=", ".join(map(str, choices)))
    named = next((str(mark) for mark in field.metadata if isinstance(mark, StrEnum)), None)
    told = named or ("whole_number" if kind is int else "number")
    parts = [locales.text(language, f"setting.{told}", known=", ".join(locales.languages()))]
    for bound in field.metadata:
        match bound:
            case Ge(ge=least):
                parts.append(locales.text(language, "setting.at_least", least=str(least)))
            case Gt(gt=above):
                parts.append(locales.text(language, "setting.above", above=str(above)))
            case Le(le=most):
                parts.append(locales.text(language, "setting.at_most", most=str(most)))
            case _:
                pass
    return locales.text(language, "setting.and").join(parts)
