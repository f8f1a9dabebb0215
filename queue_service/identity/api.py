"""`/api/v1/session`: sign in, who am I, sign out; `/api/v1/device`: which device am I."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from queue_service.identity.guard import Guard, cookie_name, cross_site
from queue_service.identity.rules import (
    NOBODY,
    PASSWORD_CHARS_MAX,
    USERNAME_CHARS_MAX,
    Caller,
    CallerKind,
    Denial,
    Role,
)
from queue_service.identity.service import SignedIn, SignInRefusal, SignInRefused
from queue_service.infra.limits import client_network
from queue_service.infra.problems import Problem
from queue_service.wire import messages, requests

router = APIRouter(prefix="/api/v1/session", tags=["session"])
device_router = APIRouter(prefix="/api/v1/device", tags=["session"])


class SignIn(requests.Request):
    """Who says to be who."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=USERNAME_CHARS_MAX)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARS_MAX)]


class Staff(messages.Answer):
    """The member of staff whose session it is."""

    id: messages.Id
    name: str
    roles: list[Role]
    branch: str | None
    """None: every branch."""


class Session(messages.Answer):
    """A session, told to its owner."""

    staff: Staff


async def _guard(request: Request) -> Guard:  # not waiting, it would cost a thread
    guard: Guard = request.app.state.guard
    if request.method != "GET" and cross_site(request.headers, guard.settings):
        raise Problem("request.cross_site", 403)
    return guard


GuardOf = Annotated[Guard, Depends(_guard)]


@router.post("")
async def sign_in(body: SignIn, request: Request, response: Response, guard: GuardOf) -> Session:
    """Signs in, setting the cookie; a session that the browser had ends."""
    name = cookie_name(guard.settings)
    outcome = await guard.identity.sign_in(
        body.username,
        body.password,
        network=client_network(request.scope),
        now=guard.clock(),
        replaces=request.cookies.get(name),
    )
    match outcome:
        case SignInRefused():
            raise _problem(outcome)
        case SignedIn():
            # Strict: no page of ours needs the cookie on the first request of a visit from elsewhere.
            response.set_cookie(
                name,
                outcome.token,
                max_age=int(guard.settings.session_lifetime_s),
                path="/",
                secure=guard.settings.is_https,
                httponly=True,
                samesite="strict",
            )
            return _session(outcome.caller)


@router.get("")
async def who_am_i(request: Request, guard: GuardOf) -> Session:
    """Whose session it is."""
    caller = await guard.identify(request)
    if caller.kind is not CallerKind.STAFF:
        raise Problem(Denial.SESSION_REQUIRED, 401)
    return _session(caller)


@router.delete("", status_code=204)
async def sign_out(request: Request, response: Response, guard: GuardOf) -> None:
    """Ends the session at once, on the server too; without one there is nothing to do."""
    name = cookie_name(guard.settings)
    token = request.cookies.get(name)
    if token is not None:
        await guard.identity.sign_out(token, guard.clock())
        response.delete_cookie(name, path="/", secure=guard.settings.is_https, httponly=True, samesite="strict")


@device_router.get("")
async def which_device(request: Request, guard: GuardOf) -> messages.Device:
    """Whose token it is."""
    caller = await guard.identify(request)
    if caller is NOBODY:
        raise Problem(Denial.SESSION_REQUIRED, 401)
    if caller.device_kind is None or caller.branch_id is None:
        raise Problem(Denial.FORBIDDEN, 403)
    return messages.Device(id=caller.id, kind=caller.device_kind.value, name=caller.name, branch=caller.branch_id)


def _session(caller: Caller) -> Session:
    return Session(staff=Staff(id=caller.id, name=caller.name, roles=sorted(caller.roles), branch=caller.branch_id))


def _problem(refused: SignInRefused) -> Problem:
    match refused.code:
        case SignInRefusal.WRONG:
            return Problem(refused.code, 401)
        case SignInRefusal.THROTTLED:
            return Problem(
                refused.code, 429, {"retry_s": refused.retry_s}, headers={"Retry-After": str(refused.retry_s)}
            )
        case SignInRefusal.BUSY:
            return Problem(refused.code, 503)
