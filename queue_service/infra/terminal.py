"""What commands tell whoever typed them: in the language of the terminal, and what is expected to fail in one line."""

import errno
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import asyncpg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from queue_service.infra.filelock import FileLockBusy
from queue_service.infra.migrate import DatabaseInUse, NotOfThisRelease
from queue_service.infra.server import AddressUnusable
from queue_service.settings import PREFIX, Settings
from queue_service.wire import locales, variables

SHOWN_CHARS_MAX = 60
REASON_CHARS_MAX = 200


def language(asked: str = "") -> str:
    """The language asked for, or the terminal's."""
    return locales.negotiate(asked) if asked else locales.of_terminal()


def say(key: str, **params: str | int | float | None) -> None:
    """One text of the catalogue on standard error, where it does not disturb what programs read."""
    typer.echo(locales.text(language(), key, **params), err=True)


def fail(key: str, **params: str | int | float | None) -> NoReturn:
    """Ends the command with one text of the catalogue."""
    say(key, **params)
    raise typer.Exit(1)


def settings(**given: Any) -> Settings:
    """The settings of the environment and over them those `given`; ends the command with a line for each fault."""
    known = {_variable(name) for name in Settings.model_fields}
    for warning in variables.unknown(language(), PREFIX, known):
        typer.echo(warning, err=True)
    try:
        return Settings(**given)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            _tell_wrong(str(fault["loc"][0]), fault["input"])
    raise typer.Exit(1)


@contextmanager
def failures_told() -> Iterator[None]:
    """Ends the command with one line where the world is at fault; what else fails is the program's and goes on up."""
    try:
        yield
    except NotOfThisRelease as error:
        fail(f"start.{error.release}")
    except FileLockBusy as error:
        fail("start.data_in_use", place=str(error))
    except DatabaseInUse as error:
        fail("start.database_in_use", connections=error.connections)
    except AddressUnusable as error:
        key = "start.port_in_use" if error.is_in_use else "start.address_unusable"
        fail(key, address=error.address, reason=_reason(error.error))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, sqlite3.Error, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            fail("start.file_unusable", place=str(error.filename), reason=_reason(error))
        fail("start.database_unreachable", reason=_reason(error))


def _reason(error: BaseException) -> str:
    """In the words of the system or the server, which know no password."""
    if isinstance(error, DBAPIError):
        return _reason(error.orig) if error.orig is not None else type(error).__name__
    if isinstance(error, asyncpg.ClientConfigurationError):
        return type(error).__name__  # its own words repeat what the address holds
    if isinstance(error, TimeoutError) and not error.errno:
        return locales.text(language(), "start.timeout")
    if isinstance(error, OSError) and error.strerror:
        if error.errno is not None and error.errno in errno.errorcode and not isinstance(error, socket.gaierror):
            return os.strerror(error.errno)
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0][:REASON_CHARS_MAX]


def _tell_wrong(name: str, value: object) -> None:
    field = Settings.model_fields[name]
    if not field.repr:
        say("setting.wrong_unshown", name=_variable(name), rule=variables.rule(language(), field))
        return
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(value))
    say(
        "setting.wrong",
        name=_variable(name),
        value=shown if len(shown) <= SHOWN_CHARS_MAX else shown[:SHOWN_CHARS_MAX] + "…",
        rule=variables.rule(language(), field),
        default="–" if field.default is None or field.default == [] else str(field.default),
    )


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
