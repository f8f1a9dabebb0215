"""The commands, as typed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from pwdlib import PasswordHash
from typer import Typer
from typer.testing import CliRunner, Result

from queue_service.catalog.files import samples
from queue_service.catalog.service import Catalog
from queue_service.identity.cli import device_app, staff_app
from queue_service.identity.rules import DeviceKind, Role
from queue_service.identity.service import Identity, SignInRefused
from queue_service.infra.database import Database
from queue_service.infra.migrate import migrate
from queue_service.settings import Settings
from tests.identity.callers import OWN
from tests.identity.signing import NETWORK, NOW, PASSWORD, sign_in

T = TypeVar("T")

ANNA = ["add", "--username", "anna", "--name", "安娜", "--role", "teller", "--role", "greeter", "--branch", OWN]
KIOSK = ["add", "--kind", "kiosk", "--name", "入口", "--branch", OWN]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("QUEUE_DATABASE_URL", raising=False)
    settings = Settings()

    async def stage() -> None:
        await migrate(settings)
        database = await Database.open(settings)
        catalog = await Catalog.open(database)
        for terms in samples(NOW):
            await catalog.publish(terms, by="test", now=NOW)
        await catalog.publish(replace(samples(NOW)[0], branch_id=OWN), by="test", now=NOW)
        await database.close()

    asyncio.run(stage())
    return settings


def typed(app: Typer, *words: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, words, input=answer, env={"TERM": "dumb", "COLUMNS": "200", "LC_ALL": "en_GB.UTF-8"})


def ask(settings: Settings, question: Callable[[Identity], Awaitable[T]]) -> T:
    """What the service itself answers on the same database."""

    async def run() -> T:
        database = await Database.open(settings)
        identity = Identity(database, settings, PasswordHash.recommended())
        try:
            return await question(identity)
        finally:
            identity.close()
            await database.close()

    return asyncio.run(run())


def test_an_account_made_with_a_prompted_password_signs_in(settings: Settings) -> None:
    result = typed(staff_app, *ANNA, answer=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    caller = ask(settings, sign_in).caller
    assert caller.id == result.stdout.splitlines()[-1]
    assert (caller.roles, caller.branch_id, caller.name) == ({Role.TELLER, Role.GREETER}, OWN, "安娜")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
def test_a_password_may_come_by_standard_input(settings: Settings, line_end: str) -> None:
    assert typed(staff_app, *ANNA, "--password-stdin", answer=PASSWORD + line_end).exit_code == 0
    ask(settings, sign_in)


def test_a_password_is_never_an_argument() -> None:
    assert typed(staff_app, *ANNA, "--password", PASSWORD).exit_code == 2


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (ANNA, "short", "The password needs at least 10 characters."),
        (ANNA, "p" * 300, "The password is too long or holds control characters."),
        ([*ANNA, "--username", "an na"], PASSWORD, "spaces"),
        (ANNA[:-2], PASSWORD, "Name the branch; only an admin belongs to every branch."),
        ([*ANNA, "--role", "admin"], PASSWORD, "An admin belongs to every branch; name none."),
        ([*ANNA, "--role", "boss"], PASSWORD, "'boss' is not one of 'teller', 'greeter', 'manager', 'admin'"),
        ([*ANNA[:5]], PASSWORD, "Missing option '--role'"),
    ],
)
def test_what_is_wrong_with_an_account_is_said(settings: Settings, words: list[str], password: str, said: str) -> None:
    result = typed(staff_app, *words, "--password-stdin", answer=password + "\n")
    assert result.exit_code != 0
    assert said in result.stderr
    assert not result.stdout


def test_a_taken_username_is_said(settings: Settings) -> None:
    for username, code in (("Anna", 0), ("ANNA", 1)):
        result = typed(staff_app, *ANNA, "--username", username, "--password-stdin", answer=PASSWORD)
        assert result.exit_code == code
    assert result.stderr == "This username is taken.\n"


@pytest.mark.parametrize(("app", "words"), [(staff_app, ANNA), (device_app, KIOSK), (device_app, ["list", "--branch"])])
def test_an_unknown_branch_is_said_before_a_password_is_asked(settings: Settings, app: Typer, words: list[str]) -> None:
    result = typed(app, *(word for word in words if word != OWN), "nowhere")
    assert result.exit_code == 1
    assert result.stderr == f"There is no such branch. Branches: renmin-road, {OWN}, zhongshan-road\n"
    assert not result.stdout


def test_accounts_are_listed_without_anything_secret(settings: Settings) -> None:
    typed(staff_app, *ANNA, "--password-stdin", answer=PASSWORD)
    typed(
        staff_app, "add", "--username", "boss", "--name", "Boss", "--role", "admin", "--password-stdin", answer=PASSWORD
    )
    typed(staff_app, "deactivate", "--username", "anna")
    result = typed(staff_app, "list")
    assert result.stderr == "username\tname\troles\tbranch\tstate\n"
    assert result.stdout == f"anna\t安娜\tgreeter,teller\t{OWN}\tdeactivated\nboss\tBoss\tadmin\t–\tactive\n"


def test_a_name_is_one_active_devices_of_its_branch(settings: Settings) -> None:
    first = typed(device_app, *KIOSK).stderr.splitlines()[0].removeprefix("The device's id: ")
    again = typed(device_app, *KIOSK)
    assert (again.exit_code, again.stderr) == (1, "The branch has a device of this name.\n")
    assert typed(device_app, *KIOSK[:-1], "zhongshan-road").exit_code == 0
    assert typed(device_app, "deactivate", first).exit_code == 0
    assert typed(device_app, *KIOSK).exit_code == 0
    listed = [line.split("\t") for line in typed(device_app, "list", "--branch", OWN).stdout.splitlines()]
    assert sorted(row[1:] for row in listed) == [
        ["kiosk", "入口", OWN, "active"],
        ["kiosk", "入口", OWN, "deactivated"],
    ]
    assert len(typed(device_app, "list").stdout.splitlines()) == 3


def test_another_password_replaces_the_old_one(settings: Settings) -> None:
    typed(staff_app, *ANNA, "--password-stdin", answer="the old horse")
    assert typed(staff_app, "password", "--username", "anna", "--password-stdin", answer=PASSWORD).exit_code == 0
    ask(settings, sign_in)


def test_a_deactivated_account_signs_in_no_more(settings: Settings) -> None:
    typed(staff_app, *ANNA, "--password-stdin", answer=PASSWORD)
    assert typed(staff_app, "deactivate", "--username", "anna").exit_code == 0
    refused = ask(settings, lambda identity: identity.sign_in("anna", PASSWORD, network=NETWORK, now=NOW))
    assert isinstance(refused, SignInRefused)


def test_a_device_is_let_in_by_the_printed_token_until_deactivated(settings: Settings) -> None:
    result = typed(device_app, *KIOSK)
    assert result.exit_code == 0, result.output
    token, device_id = result.stdout.strip(), result.stderr.splitlines()[0].removeprefix("The device's id: ")
    caller = ask(settings, lambda identity: identity.device(token, NOW))
    assert caller is not None
    assert (caller.id, caller.device_kind, caller.branch_id) == (device_id, DeviceKind.KIOSK, OWN)
    assert typed(device_app, "deactivate", device_id).exit_code == 0
    assert ask(settings, lambda identity: identity.device(token, NOW)) is None


def test_a_device_is_given_another_token_and_the_former_is_worthless(settings: Settings) -> None:
    added = typed(device_app, *KIOSK)
    device_id = added.stderr.splitlines()[0].removeprefix("The device's id: ")
    rotated = typed(device_app, "rotate", device_id)
    assert rotated.exit_code == 0, rotated.output
    assert ask(settings, lambda identity: identity.device(added.stdout.strip(), NOW)) is None
    caller = ask(settings, lambda identity: identity.device(rotated.stdout.strip(), NOW))
    assert caller is not None and caller.id == device_id


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (staff_app, ["deactivate", "--username", "anna"]),
        (device_app, ["deactivate", "device:none"]),
        (device_app, ["rotate", "device:none"]),
    ],
)
def test_an_unknown_account_is_said(settings: Settings, app: Typer, words: list[str]) -> None:
    result = typed(app, *words)
    assert (result.exit_code, result.stderr) == (1, "There is no such account.\n")


def test_a_database_that_is_not_migrated_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("QUEUE_DATABASE_URL", raising=False)
    result = typed(device_app, *KIOSK)
    assert result.exit_code == 1
    assert "queue-service migrate" in result.stderr
