"""`queue-service staff …` and `queue-service device …`: accounts, made by who runs the service."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, NoReturn, TypeVar

import typer
from pwdlib import PasswordHash

from queue_service.identity.rules import PASSWORD_CHARS_MAX, AccountRefusal, DeviceKind, Role
from queue_service.identity.service import Identity
from queue_service.infra import locales
from queue_service.infra.clock import system_clock
from queue_service.infra.database import Database
from queue_service.infra.migrate import is_current
from queue_service.settings import Settings

T = TypeVar("T")

staff_app = typer.Typer(help="Accounts of staff.", no_args_is_help=True)
device_app = typer.Typer(help="Kiosks and displays.", no_args_is_help=True)

Username = Annotated[str, typer.Option(help="to sign in with; upper and lower case are the same")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from the first line of standard input")
]


@staff_app.command("add")
def staff_add(
    username: Username,
    name: Annotated[str, typer.Option(help="as colleagues see it")],
    role: Annotated[list[Role], typer.Option(help="may be given several times")],
    branch: Annotated[str | None, typer.Option(help="the branch's id; none for an admin")] = None,
    password_stdin: PasswordStdin = False,
) -> None:
    """Opens an account; asks for its password."""
    password = _password(password_stdin)
    added = _run(
        lambda identity: identity.add_staff(
            username=username, password=password, name=name, roles=frozenset(role), branch_id=branch
        )
    )
    if isinstance(added, AccountRefusal):
        _refuse(added)
    typer.echo(added.id)


@staff_app.command("password")
def staff_password(username: Username, password_stdin: PasswordStdin = False) -> None:
    """Gives an account another password and ends its sessions."""
    password = _password(password_stdin)
    _done(_run(lambda identity: identity.change_password(username, password, system_clock())))


@staff_app.command("deactivate")
def staff_deactivate(username: Username) -> None:
    """Closes an account and ends its sessions."""
    _done(_run(lambda identity: identity.deactivate_staff(username, system_clock())))


@device_app.command("add")
def device_add(
    kind: Annotated[DeviceKind, typer.Option(help="what it is")],
    name: Annotated[str, typer.Option(help="where it stands, as staff see it")],
    branch: Annotated[str, typer.Option(help="the branch's id")],
) -> None:
    """Lets a machine in; prints its token, which is shown only now."""
    added = _run(lambda identity: identity.add_device(kind=kind, name=name, branch_id=branch))
    if isinstance(added, AccountRefusal):
        _refuse(added)
    typer.echo(added.id, err=True)
    typer.echo(added.token)


@device_app.command("deactivate")
def device_deactivate(device_id: Annotated[str, typer.Argument(help="as printed when it was added")]) -> None:
    """Makes a device's token worthless."""
    _done(_run(lambda identity: identity.deactivate_device(device_id)))


def _run(work: Callable[[Identity], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _identity(Settings()) as identity:
            return await work(identity)

    return asyncio.run(run())


@asynccontextmanager
async def _identity(settings: Settings) -> AsyncIterator[Identity]:
    if not await is_current(settings):
        _fail("The database is not that of this version; run: queue-service migrate")
    database = await Database.open(settings)
    identity = Identity(database, settings, PasswordHash.recommended())
    try:
        yield identity
    finally:
        identity.close()
        await database.close()


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(PASSWORD_CHARS_MAX + 2).removesuffix("\n").removesuffix("\r")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _done(refusal: AccountRefusal | None) -> None:
    if refusal is not None:
        _refuse(refusal)


def _refuse(refusal: AccountRefusal) -> NoReturn:
    _fail(locales.text(locales.LANGUAGE_COMMON, f"refusal.{refusal}", length_min=Settings().password_length_min))


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)
