"""The composition root: every part of the core, made once and put together."""

import gc
from asyncio import Task, create_task, gather, get_running_loop
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from pwdlib import PasswordHash
from pydantic.json_schema import models_json_schema

from queue_service import __version__
from queue_service.catalog.service import Catalog
from queue_service.desk import hot, kiosks_api, manager_api, printers, secrets, tickets_api, windows_api
from queue_service.desk import metrics as desk_metrics
from queue_service.desk.remarks import Remarks
from queue_service.desk.requests import Counter
from queue_service.desk.rounds import FOLLOWED_MAX, HOUSEKEEPING_S, SNAPSHOTS_S, Follower, for_ever, keep_house, once
from queue_service.desk.service import Desk
from queue_service.desk.tokens import Tokens
from queue_service.identity import api as identity_api
from queue_service.identity import metrics as identity_metrics
from queue_service.identity.guard import Guard
from queue_service.identity.presence import LOOK_S, Presence
from queue_service.identity.service import Identity
from queue_service.infra import checks, edge, health, problems
from queue_service.infra.bus import Bus, open_bus
from queue_service.infra.chance import secure_token
from queue_service.infra.database import Database
from queue_service.infra.limits import Limits, SocketSeats
from queue_service.infra.metrics import Metrics
from queue_service.infra.push import Sockets
from queue_service.journal import checks as journal_checks
from queue_service.journal import metrics as journal_metrics
from queue_service.journal import open_journal
from queue_service.journal.store import Journal
from queue_service.live import api as live_api
from queue_service.live import metrics as live_metrics
from queue_service.live.api import Lobby
from queue_service.live.channels import Hub
from queue_service.live.service import Live
from queue_service.settings import Settings
from queue_service.web import routes as web_routes
from queue_service.wire import messages
from queue_service.wire.clock import Clock, system_clock

DESCRIPTION = """Numbers, windows and live views of a hall. Errors are `application/problem+json` with a stable `code`;
`POST`s that change a hall take `Idempotency-Key`. The messages of the live sockets stand under `x-sockets`."""
GC_THRESHOLDS = (50_000, 50, 50)
"""New containers before a look at the young ones, and how many looks before one at the older ones. Days are values
without cycles, which reference counts free at once: there is little to find."""


def create_app(settings: Settings, sockets: Sockets, *, clock: Clock = system_clock) -> FastAPI:
    """The core as an ASGI application; serve it with `infra.server.server_config` and the same `sockets`."""
    metrics, limits = Metrics(settings.ready_wait_s_max), Limits(settings)
    ready: dict[str, health.Check] = {"drain": sockets.readiness}
    readiness = health.Readiness(ready, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _start(app, stack, settings, limits, metrics, ready, clock)
            _spare_collector(stack)
            yield

    app = FastAPI(
        title="Queue service",
        version=__version__,
        description=DESCRIPTION,
        responses=problems.RESPONSES,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # would tell what our log leaves out
    )
    features = (identity_api, tickets_api, kiosks_api, windows_api, manager_api, live_api)
    for router in (identity_api.device_router, *(feature.router for feature in features)):
        app.include_router(router)
    app.openapi = partial(_openapi, app, app.openapi)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    app.include_router(metrics.router())
    app.include_router(health.router(readiness))
    web_routes.install(app.router, settings)
    metrics.watch(sockets)
    metrics.looks.append(readiness.look)
    metrics.gauge_by(["check"], "queue_check_ok", "1 where a check of /readyz passes.", readiness.figures)
    edge.install(app, settings=settings, limits=limits, metrics=metrics, shortcuts=hot.SHORTCUTS)
    return app


async def _start(
    app: FastAPI,
    stack: AsyncExitStack,
    settings: Settings,
    limits: Limits,
    metrics: Metrics,
    ready: dict[str, health.Check],
    clock: Clock,
) -> None:
    database = await Database.open(settings)
    stack.push_async_callback(database.close)
    journal = await open_journal(settings, on_commit=journal_metrics.commits(metrics))
    stack.push_async_callback(journal.close)
    identity = Identity(database, settings, PasswordHash.recommended())
    stack.callback(identity.close)
    catalog = await Catalog.open(database)
    bus = await open_bus(settings)
    stack.push_async_callback(bus.close)

    desk = Desk(journal=journal, catalog=catalog, clock=clock, settings=settings)
    stack.push_async_callback(desk.close)
    epoch = secure_token(9)
    hub = Hub(settings=settings, epoch=epoch, clock=clock, scheduler=get_running_loop())
    live = Live(desk, hub)
    presence = Presence(database, epoch)
    lobby = Lobby(
        desk=desk, catalog=catalog, identity=identity, live=live, presence=presence, seats=SocketSeats(settings)
    )
    identity.on_session_ended.append(lobby.end_session)
    remarks = Remarks(database)
    tokens = Tokens(await secrets.read_or_make(database, clock()))

    app.state.guard = Guard(identity=identity, limits=limits, settings=settings, clock=clock)
    app.state.counter = Counter(
        desk=desk,
        tokens=tokens,
        remarks=remarks,
        catalog=catalog,
        identity=identity,
        limits=limits,
        clock=clock,
        settings=settings,
    )
    app.state.lobby = lobby

    ready |= _checks(database, journal, clock, settings)
    _watch(metrics, database, journal, catalog, bus, desk, hub, clock, settings)

    follower = Follower(desk, bus, is_watched=lambda branch: bool(hub.keys(branch)))
    rounds: list[tuple[str, float, Callable[[], Awaitable[object]]]] = [
        ("wake", settings.wake_s, desk.wake),
        *[("follow", 0, follower.follow)] * FOLLOWED_MAX,
        ("sessions", settings.session_recheck_s / 2, lambda: identity.keep(clock())),  # in time: requests read nothing
        ("presence", LOOK_S, lambda: presence.keep(clock())),
        ("printers", printers.LOOK_S, lambda: printers.forget_the_gone(desk, identity, clock)),
        ("snapshots", SNAPSHOTS_S, desk.keep_snapshots),
        ("house", HOUSEKEEPING_S, lambda: keep_house(journal, remarks, clock, settings)),
    ]
    tasks = [create_task(_take_up(desk, metrics), name="take_up")]
    tasks += [create_task(for_ever(*one, metrics.note_round), name=one[0]) for one in rounds]
    tasks.append(create_task(metrics.watch_loop(), name="lag"))
    stack.push_async_callback(_end, tasks)


def _checks(database: Database, journal: Journal, clock: Clock, settings: Settings) -> dict[str, health.Check]:
    """What `/readyz` looks at, once all of it is open."""
    looked_at = {
        "database": checks.database(database),
        "journal": journal_checks.writing(journal),
        "clock": journal_checks.clock(journal, clock, settings),
        "migrations": checks.migrations(settings, database),
    }
    return looked_at if settings.database_url is not None else {**looked_at, "disk": checks.disk(settings)}


def _watch(
    metrics: Metrics,
    database: Database,
    journal: Journal,
    catalog: Catalog,
    bus: Bus,
    desk: Desk,
    hub: Hub,
    clock: Clock,
    settings: Settings,
) -> None:
    """Lets the figures tell of every part."""

    def told_apart() -> list[str]:
        """The branches by which figures are told: alike in every process."""
        return [terms.branch_id for terms in catalog.branches()[: settings.metrics_branches_max]]

    journal_metrics.watch(metrics, journal)
    desk_metrics.watch(metrics, desk, clock, told_apart)
    identity_metrics.watch(metrics, database, clock, told_apart)
    live_metrics.watch(metrics, hub)
    metrics.count("queue_bus_lost", "Times the connection between the processes was lost.", lambda: bus.losses)
    if settings.database_url is None:
        folder = settings.data_dir
        metrics.gauge("queue_disk_free_bytes", "Room on the disk of data_dir.", lambda: checks.disk_free_bytes(folder))


async def _take_up(desk: Desk, metrics: Metrics) -> None:
    """Hold every hall's day. Nobody waits for it: a hall that somebody asks for meanwhile has its turn with the others,
    and one that cannot be taken up keeps no other from being served."""
    await once("take_up", desk.take_up, metrics.note_round)
    gc.freeze()  # the values of all days, a million and more, among which there are no cycles to find


def _spare_collector(stack: AsyncExitStack) -> None:
    """Keep the garbage collector from looking through a whole hall again and again while a ticket waits."""
    stack.callback(gc.set_threshold, *gc.get_threshold())
    stack.callback(gc.unfreeze)
    gc.collect()
    gc.freeze()  # modules, routes, models, the terms: what the start made stays until the end
    gc.set_threshold(*GC_THRESHOLDS)


async def _end(tasks: list[Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await gather(*tasks, return_exceptions=True)


def _openapi(app: FastAPI, described: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The routes' description, and beside it that of the sockets, which OpenAPI has no words for."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = described()
    _, schemas = models_json_schema(
        [(model, "serialization") for model in (messages.View, messages.Alive)],
        ref_template="#/components/schemas/{model}",
    )
    document["components"]["schemas"] |= {**schemas["$defs"], "Problem": problems.SCHEMA}
    document["x-sockets"] = live_api.SOCKETS
    return document
