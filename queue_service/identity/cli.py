"""`queue-service staff …` and `queue-service device …`: accounts, made by who runs the service."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, NoReturn, TypeVar

import typer
from pwdlib import PasswordHash

from queue_service.catalog.service import Catalog
from queue_service.identity.rules import PASSWORD_CHARS_MAX, AccountRefusal, DeviceKind, Role
from queue_service.identity.service import DeviceAdded, Identity, StaffAdded
from queue_service.identity.store import DeviceListed
from queue_service.infra import terminal
from queue_service.infra.database import Database
from queue_service.infra.migrate import require_current
from queue_service.settings import Settings
from queue_service.wire import locales
from queue_service.wire.clock import system_clock

T = TypeVar("T")

staff_app = typer.Typer(help="Accounts of staff.", no_args_is_help=True)
device_app = typer.Typer(help="Kiosks and displays.", no_args_is_help=True)

Username = Annotated[str, typer.Option(help="to sign in with; upper and lower case are the same")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from the first line of standard input")
]


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the commands work on."""

    identity: Identity
    catalog: Catalog


@staff_app.command("add")
def staff_add(
    username: Username,
    name: Annotated[str, typer.Option(help="as colleagues see it")],
    role: Annotated[list[Role], typer.Option(help="may be given several times")],
    branch: Annotated[str | None, typer.Option(help="the branch's id; none for an admin")] = None,
    password_stdin: PasswordStdin = False,
) -> None:
    """Opens an account; asks for its password and prints its id."""

    async def add(accounts: Accounts) -> StaffAdded | AccountRefusal:
        if branch is not None:
            _check_branch(accounts, branch)
        password = _password(password_stdin)
        return await accounts.identity.add_staff(
            username=username, password=password, name=name, roles=frozenset(role), branch_id=branch
        )

    added = _run(add)
    if isinstance(added, AccountRefusal):
        _refuse(added)
    terminal.say("account.staff_id")
    typer.echo(added.id)


@staff_app.command("list")
def staff_list() -> None:
    """Lists the accounts, tabs between username, name, roles, branch and state."""
    _tell(
        ("username", "name", "roles", "branch", "state"),
        (
            (staff.username, staff.name, ",".join(staff.roles), staff.branch_id or "–", _state(staff.active))
            for staff in _run(lambda accounts: accounts.identity.staff_listed())
        ),
    )


@staff_app.command("password")
def staff_password(username: Username, password_stdin: PasswordStdin = False) -> None:
    """Gives an account another password and ends its sessions."""
    _done(_run(lambda accounts: accounts.identity.change_password(username, _password(password_stdin), system_clock())))


@staff_app.command("deactivate")
def staff_deactivate(username: Username) -> None:
    """Closes an account and ends its sessions."""
    _done(_run(lambda accounts: accounts.identity.deactivate_staff(username, system_clock())))


@device_app.command("add")
def device_add(
    kind: Annotated[DeviceKind, typer.Option(help="what it is")],
    name: Annotated[str, typer.Option(help="where it stands, as staff see it")],
    branch: Annotated[str, typer.Option(help="the branch's id")],
) -> None:
    """Lets a machine in; prints its token, which is shown only now."""

    async def add(accounts: Accounts) -> DeviceAdded | AccountRefusal:
        _check_branch(accounts, branch)
        return await accounts.identity.add_device(kind=kind, name=name, branch_id=branch)

    _tell_token(_run(add))


@device_app.command("list")
def device_list(
    branch: Annotated[str | None, typer.Option(help="the branch's id; all branches unless given")] = None,
) -> None:
    """Lists the devices, tabs between id, kind, name, branch and state."""

    async def listed(accounts: Accounts) -> list[DeviceListed]:
        if branch is not None:
            _check_branch(accounts, branch)
        return await accounts.identity.devices_listed(branch)

    _tell(
        ("id", "kind", "name", "branch", "state"),
        ((device.id, device.kind, device.name, device.branch_id, _state(device.active)) for device in _run(listed)),
    )


@device_app.command("rotate")
def device_rotate(device_id: Annotated[str, typer.Argument(help="as printed when it was added")]) -> None:
    """Gives a device another token, which is shown only now; the former one is worthless at once."""
    _tell_token(_run(lambda accounts: accounts.identity.rotate_device(device_id)))


@device_app.command("deactivate")
def device_deactivate(device_id: Annotated[str, typer.Argument(help="as printed when it was added")]) -> None:
    """Makes a device's token worthless."""
    _done(_run(lambda accounts: accounts.identity.deactivate_device(device_id)))


def _tell_token(added: DeviceAdded | AccountRefusal) -> None:
    if isinstance(added, AccountRefusal):
        _refuse(added)
    terminal.say("account.device_id", id=added.id)
    terminal.say("account.device_token")
    typer.echo(added.token)


def _run(work: Callable[[Accounts], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _accounts(terminal.settings()) as accounts:
            return await work(accounts)

    with terminal.failures_told():
        return asyncio.run(run())


@asynccontextmanager
async def _accounts(settings: Settings) -> AsyncIterator[Accounts]:
    await require_current(settings)
    database = await Database.open(settings)
    identity = Identity(database, settings, PasswordHash.recommended())
    try:
        yield Accounts(identity, await Catalog.open(database))
    finally:
        identity.close()
        await database.close()


def _check_branch(accounts: Accounts, branch_id: str) -> None:
    if accounts.catalog.current(branch_id) is None:
        known = ", ".join(terms.branch_id for terms in accounts.catalog.branches()) or "–"
        terminal.fail("refusal.catalog.branch_unknown", branches=known)


def _tell(labels: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """The labels go to standard error, so that programs read rows alone."""
    spoken = terminal.language()
    typer.echo("\t".join(locales.text(spoken, f"account.{label}") for label in labels), err=True)
    for row in rows:
        typer.echo("\t".join(row))


def _state(is_active: bool) -> str:
    return locales.text(terminal.language(), "account.active" if is_active else "account.deactivated")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline(PASSWORD_CHARS_MAX + 2).removesuffix("\n").removesuffix("\r")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _done(refusal: AccountRefusal | None) -> None:
    if refusal is not None:
        _refuse(refusal)


def _refuse(refusal: AccountRefusal) -> NoReturn:
    terminal.fail(f"refusal.{refusal}", length_min=terminal.settings().password_length_min)
