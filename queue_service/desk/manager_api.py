"""What leads a branch through its day: its figures, and the notices on its board."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends

from queue_service.catalog.rules import faults
from queue_service.catalog.service import CatalogRefusal
from queue_service.desk.figures import figures as figures_of
from queue_service.desk.requests import BranchId, Counter, CounterOf, Key
from queue_service.desk.views import View
from queue_service.hall.terms import Notice, Terms
from queue_service.identity.guard import allowed
from queue_service.identity.rules import Caller, Permission
from queue_service.infra.answers import JsonBytes, encode
from queue_service.infra.problems import Problem
from queue_service.wire import messages, requests

CHANGED = "catalog.changed"

router = APIRouter(prefix="/api/v1/branches/{branch}", tags=["manager"])


@router.get("/figures", responses={200: {"model": messages.Figures}})
async def figures(
    branch: BranchId, caller: Annotated[Caller, Depends(allowed(Permission.FIGURES_VIEW))], counter: CounterOf
) -> JsonBytes:
    """What the business day has come to until now."""
    del caller
    return JsonBytes(encode(figures_of(await counter.desk.today(branch), counter.clock())))


@router.get("/notices", responses={200: {"model": messages.Notices}})
async def notices(
    branch: BranchId, caller: Annotated[Caller, Depends(allowed(Permission.NOTICE_WRITE))], counter: CounterOf
) -> JsonBytes:
    """The notices that are shown or will be; what has ended is left out."""
    del caller
    return JsonBytes(encode(_notices(await _newest(counter, branch), counter)))


@router.put("/notices", responses={200: {"model": messages.Notices}})
async def write_notices(
    branch: BranchId,
    caller: Annotated[Caller, Depends(allowed(Permission.NOTICE_WRITE))],
    counter: CounterOf,
    body: requests.NoticesRequest,
    key: Key = None,
) -> JsonBytes:
    """Replace the notices; the board shows them at once. What is written already is harmless to repeat."""
    del key  # the version tells a retry from another edit
    terms = await _newest(counter, branch)
    written = tuple(Notice(text=notice.text, until=notice.until) for notice in body.notices)
    if written != terms.notices:
        if body.version != terms.version:
            raise Problem(CHANGED, 409)
        if any(notice.until is not None and notice.until <= counter.clock() for notice in written):
            raise Problem("notice.over", 422)
        edited = replace(terms, notices=written)
        assert not any(faults(edited)), "terms that were good, and notices that were looked at"
        published = await counter.catalog.publish(edited, caller.id, counter.clock())
        if isinstance(published, CatalogRefusal):
            raise Problem(CHANGED, 409)
        terms = published
        await counter.desk.follow_catalog(branch)
    return JsonBytes(encode(_notices(terms, counter)))


async def _newest(counter: Counter, branch: str) -> Terms:
    """The branch's terms, with what other processes published. Raises `Problem` `branch.unknown` (404)."""
    await counter.catalog.refresh()
    terms = counter.catalog.current(branch)
    if terms is None:
        raise Problem("branch.unknown", 404)
    return terms


def _notices(terms: Terms, counter: Counter) -> View:
    now = counter.clock()
    told = [notice for notice in terms.notices if notice.until is None or notice.until > now]
    return {
        "version": terms.version,
        "notices": [{"text": notice.text, "until": notice.until} for notice in told],
    }
