"""`queue-service demo`: sets the stage for a living hall and keeps it running in the foreground.

Everything is made at the first start in `DATA`: databases, sample halls, accounts with passwords by chance, device
tokens; `access.json` there tells them to whoever may read the folder. Nothing exists by default.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import typer
from pwdlib import PasswordHash

from queue_service.catalog.files import samples
from queue_service.catalog.rules import around_the_clock
from queue_service.catalog.service import Catalog
from queue_service.hall.terms import Terms
from queue_service.identity.rules import AccountRefusal, DeviceKind, Role
from queue_service.identity.service import DeviceAdded, Identity, StaffAdded
from queue_service.infra import terminal
from queue_service.infra.chance import secure_token
from queue_service.infra.database import Database
from queue_service.infra.migrate import migrate
from queue_service.infra.server import listening
from queue_service.settings import Settings
from queue_service.simulate.demo import play
from queue_service.simulate.processes import Processes
from queue_service.web.routes import PAGES
from queue_service.wire import locales
from queue_service.wire.clock import system_clock

Access = dict[str, Any]

BY = "demo"
READY_WAIT_S_MAX = 30
READY_LOOK_S = 0.1
DYING_S_MAX = 2
PORT_MAX = 65_533
"""The kiosk and the display take the two ports above."""
KIOSK_OFFSET = 1
DISPLAY_OFFSET = 2
PASSWORD_BYTES = 12
SPEED = 4.0
"""How much faster than life the simulated visitors live."""
DEFAULTS = {
    "QUEUE_LOG_LEVEL": "warning",
    "QUEUE_LIMIT_ADDRESS_REQUESTS_PER_S": "5000",
    "QUEUE_LIMIT_ADDRESS_BURST": "20000",
    "QUEUE_LIMIT_CALLER_REQUESTS_PER_S": "5000",
    "QUEUE_LIMIT_CALLER_BURST": "20000",
    "QUEUE_LIMIT_ISSUE_TICKETS_PER_S": "2000",
    "QUEUE_LIMIT_ISSUE_BURST": "5000",
    "QUEUE_SOCKET_PER_ADDRESS_MAX": "12000",
}
"""Of the demo's core, unless the environment says otherwise. All callers share one machine here, and people measure
it: the limits by caller stand out of the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the environment asks of the demo."""

    data_dir: Path
    port: int
    has_visitors: bool
    has_real_hours: bool


def demo() -> None:
    """Core, kiosk, display and simulated hall; PORT, DATA, VISITORS=0 and DEMO_HOURS=real change it."""
    wish = wished(os.environ)
    base_url = f"http://127.0.0.1:{wish.port}"
    settings = terminal.settings(
        data_dir=wish.data_dir,
        base_url=base_url,
        port=wish.port,
        kiosk_url=f"http://127.0.0.1:{wish.port + KIOSK_OFFSET}/",
        display_url=f"http://127.0.0.1:{wish.port + DISPLAY_OFFSET}/",
        log_level=os.environ.get("QUEUE_LOG_LEVEL") or DEFAULTS["QUEUE_LOG_LEVEL"],
    )
    with terminal.failures_told():
        for offset in (0, KIOSK_OFFSET, DISPLAY_OFFSET):
            with listening(settings.model_copy(update={"port": wish.port + offset})):
                pass  # the port is free; the process's own attempt may come too late to tell its user
        raise typer.Exit(asyncio.run(_demo(os.environ, wish, settings)))


def wished(environment: Mapping[str, str]) -> Wish:
    """Ends the command with a line for a variable that is not understood."""
    port = environment.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= PORT_MAX):
        terminal.fail("demo.port_wrong", most=PORT_MAX)
    if environment.get("VISITORS", "") not in ("", "0", "1"):
        terminal.fail("demo.visitors_wrong")
    if environment.get("DEMO_HOURS", "") not in ("", "always", "real"):
        terminal.fail("demo.hours_wrong")
    return Wish(
        data_dir=Path.cwd() / (environment.get("DATA") or "var/demo"),
        port=int(port),
        has_visitors=environment.get("VISITORS") != "0",
        has_real_hours=environment.get("DEMO_HOURS") == "real",
    )


async def _demo(environment: Mapping[str, str], wish: Wish, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    access = await set_stage(settings, PasswordHash.recommended(), has_real_hours=wish.has_real_hours)
    processes = Processes()
    stopping: asyncio.Task[object] = asyncio.create_task(stop.wait())
    plays: list[asyncio.Task[object]] = []
    try:
        await processes.start("core", "queue_service", "serve", variables=_core_variables(environment, settings))
        for name, module, variables in _clients(access, settings):
            await processes.start(name, module, variables=variables)
        ends = [*processes.ends, stopping]
        if await _is_ready(access, *ends) and await _do_answer(settings, *ends):
            if not wish.has_visitors:
                await _close_windows(access)
            _tell(access, wish.data_dir)
            if wish.has_visitors:
                plays = [
                    asyncio.create_task(play(hall, seed=seed, speed=SPEED, stop=stop))
                    for seed, hall in enumerate(_halls(access), 1)
                ]
            await asyncio.wait([*ends, *plays], return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():  # a play that fails may only have met a core that is going
                await asyncio.wait(processes.ends, timeout=DYING_S_MAX, return_when=asyncio.FIRST_COMPLETED)
        is_asked, dead = stopping.done(), processes.first_ended()
    finally:
        stop.set()
        for task in plays:
            task.cancel()
        failures = await asyncio.gather(*plays, return_exceptions=True)
        await processes.end()
    if is_asked:
        return 0
    if dead is not None:
        terminal.say(f"demo.{dead[0]}_ended", code=dead[1])
    for failure in failures:
        if isinstance(failure, Exception) and dead is None:
            raise failure
    return 1


async def set_stage(settings: Settings, hasher: PasswordHash, *, has_real_hours: bool) -> Access:
    """Databases, sample halls and, at the first start, the accounts; returns what `access.json` then says."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    await migrate(settings)
    database = await Database.open(settings)
    identity = Identity(database, settings, hasher)
    try:
        catalog = await Catalog.open(database)
        now = system_clock()
        halls = [terms if has_real_hours else around_the_clock(terms) for terms in samples(now)]
        for terms in halls:
            present = catalog.current(terms.branch_id)
            if present is None or present.hours.is_around_the_clock == has_real_hours:
                await catalog.publish(terms, by=BY, now=now)  # else what people changed since stays
                if present is not None:
                    key = "demo.hours_now_real" if has_real_hours else "demo.hours_now_always"
                    terminal.say(key, branch=terms.branch_id)
        path = settings.data_dir / "access.json"
        if path.exists():
            access: Access = json.loads(path.read_text(encoding="utf-8"))
        else:
            first, *others = [await _cast(identity, terms) for terms in halls]
            access = {**first, "other_branches": others}
        access |= {"base_url": settings.base_url, "pages": pages(settings)}
        _write(path, access)
        return access
    finally:
        identity.close()
        await database.close()


def pages(settings: Settings) -> dict[str, str]:
    """The pages' addresses by name."""
    own = {page.id: f"{settings.base_url}{page.path}" for page in PAGES if "{" not in page.path}
    others = {"kiosk": settings.kiosk_url, "display": settings.display_url}
    return own | {name: url for name, url in others.items() if url is not None}


async def _cast(identity: Identity, terms: Terms) -> Access:
    """A manager, a greeter, an admin, a teller for each window and three devices for a hall."""
    people: list[tuple[Role, int | None]] = [(role, None) for role in Role if role is not Role.TELLER]
    people += [(Role.TELLER, window.number) for window in terms.windows if not window.is_roaming]
    staff = [await _member(identity, terms, role, window) for role, window in people]
    devices = [
        await _device(identity, terms, kind, name)
        for kind, name in ((DeviceKind.KIOSK, "kiosk"), (DeviceKind.DISPLAY, "display"), (DeviceKind.KIOSK, "test"))
    ]
    return {"branch": terms.branch_id, "staff": staff, "devices": devices}


async def _member(identity: Identity, terms: Terms, role: Role, window: int | None) -> Access:
    number = "" if window is None else str(window)
    username = f"{terms.branch_id}.{role}{number}"
    name = " · ".join(locales.text(language, f"role.{role}") for language in locales.languages())
    password = secure_token(PASSWORD_BYTES)
    branch_id = None if role is Role.ADMIN else terms.branch_id
    added = await identity.add_staff(
        username=username,
        password=password,
        name=f"{name} {number}".strip(),
        roles=frozenset({role}),
        branch_id=branch_id,
    )
    if added is AccountRefusal.USERNAME_TAKEN:  # of an earlier start that was cut before it could tell
        refusal = await identity.change_password(username, password, system_clock())
        assert refusal is None, "a password by chance is a good one"
    else:
        assert isinstance(added, StaffAdded), "the sample names are good ones"
    member: Access = {"role": role.value, "username": username, "password": password}
    return member if window is None else {**member, "window": window}


async def _device(identity: Identity, terms: Terms, kind: DeviceKind, name: str) -> Access:
    added = await identity.add_device(kind=kind, name=name, branch_id=terms.branch_id)
    if added is AccountRefusal.DEVICE_NAME_TAKEN:  # of an earlier start that was cut before it could tell
        for device in await identity.devices_listed(terms.branch_id):
            if device.name == name and device.active:
                await identity.deactivate_device(device.id)
        added = await identity.add_device(kind=kind, name=name, branch_id=terms.branch_id)
    assert isinstance(added, DeviceAdded), "the sample names are good ones"
    return {"kind": kind.value, "name": name, "token": added.token}


def _write(path: Path, access: Access) -> None:
    """Whole or not at all, and never readable by others."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(access, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _core_variables(environment: Mapping[str, str], settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in DEFAULTS.items() if name not in environment},
        "QUEUE_DATA_DIR": str(settings.data_dir),
        "QUEUE_BASE_URL": settings.base_url,
        "QUEUE_PORT": str(settings.port),
        "QUEUE_KIOSK_URL": settings.kiosk_url or "",
        "QUEUE_DISPLAY_URL": settings.display_url or "",
    }


def _clients(access: Access, settings: Settings) -> list[tuple[str, str, dict[str, str]]]:
    """Kiosk and display of the first hall: name, module, variables."""
    tokens = {device["name"]: device["token"] for device in access["devices"]}
    return [
        (
            name,
            module,
            {
                f"{name.upper()}_CORE_URL": settings.base_url,
                f"{name.upper()}_TOKEN": tokens[name],
                f"{name.upper()}_PORT": str(settings.port + offset),
                f"{name.upper()}_DATA_DIR": str(settings.data_dir / name),
                f"{name.upper()}_LOG_LEVEL": settings.log_level,
            },
        )
        for name, module, offset in (
            ("kiosk", "kiosk_client", KIOSK_OFFSET),
            ("display", "display_client", DISPLAY_OFFSET),
        )
    ]


async def _is_ready(access: Access, *ends: asyncio.Task[object]) -> bool:
    """Whether the core serves, ours and not another one on its port; False when something ended the demo before."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + READY_WAIT_S_MAX
    async with httpx.AsyncClient(base_url=access["base_url"]) as client:
        while loop.time() < deadline_s and not any(end.done() for end in ends):
            with suppress(httpx.HTTPError):
                (await client.get("/readyz")).raise_for_status()
                await _sign_in(client, access)
                await client.delete("/api/v1/session")
                return True
            await asyncio.sleep(READY_LOOK_S)
    if not any(end.done() for end in ends):
        terminal.say("demo.not_ready", seconds=READY_WAIT_S_MAX)
    return False


async def _do_answer(settings: Settings, *ends: asyncio.Task[object]) -> bool:
    """Whether kiosk and display show their pages; False when something ended the demo before."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + READY_WAIT_S_MAX
    pending = [url for url in (settings.kiosk_url, settings.display_url) if url is not None]
    async with httpx.AsyncClient() as client:
        while pending and loop.time() < deadline_s and not any(end.done() for end in ends):
            with suppress(httpx.TransportError):
                (await client.get(pending[0])).raise_for_status()
                pending.pop(0)
                continue
            await asyncio.sleep(READY_LOOK_S)
    if pending and not any(end.done() for end in ends):
        terminal.say("demo.not_ready", seconds=READY_WAIT_S_MAX)
    return not pending


async def _sign_in(client: httpx.AsyncClient, hall: Access) -> None:
    """As the hall's manager."""
    (manager,) = (member for member in hall["staff"] if member["role"] == Role.MANAGER)
    account = {name: manager[name] for name in ("username", "password")}
    (await client.post("/api/v1/session", json=account)).raise_for_status()


async def _close_windows(access: Access) -> None:
    """Close what an earlier demo with visitors left open when it was cut."""
    for hall in _halls(access):
        async with httpx.AsyncClient(base_url=hall["base_url"]) as client:
            await _sign_in(client, hall)
            api = "/api/v1"
            board = (await client.get(f"{api}/branches/{hall['branch']}/board")).raise_for_status().json()
            for window in board["windows"]:
                if window["state"] != "closed":
                    path = f"{api}/branches/{hall['branch']}/windows/{window['number']}/close"
                    (await client.post(path)).raise_for_status()
            await client.delete(f"{api}/session")


def _halls(access: Access) -> list[Access]:
    return [
        {"base_url": access["base_url"], "branch": hall["branch"], "staff": hall["staff"], "devices": hall["devices"]}
        for hall in (access, *access["other_branches"])
    ]


def _tell(access: Access, data_dir: Path) -> None:
    sys.stdout.write("\n")
    for name, address in access["pages"].items():
        sys.stdout.write(f"  {name:<9} {address}\n")
    sys.stdout.write(f"  accounts  {data_dir / 'access.json'}\n\n")
    sys.stdout.flush()
