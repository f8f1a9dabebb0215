"""What the figures of the halls say, beyond that they are there (`tests/operations` looks at each)."""

from dataclasses import replace

import pytest

from queue_service.desk import metrics as desk_metrics
from queue_service.hall.commands import Finish, IssueTicket, Start
from queue_service.hall.terms import Policy
from queue_service.hall.tickets import Channel
from queue_service.infra.metrics import Metrics
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CARDS, CASH, House, a_house, lease_of, terms

LOOK_S_MAX = 1

pytestmark = pytest.mark.parametrize("storage", ["sqlite"], indirect=True)


def watched(house: House, *branches: str) -> Metrics:
    metrics = Metrics(LOOK_S_MAX)
    desk_metrics.watch(metrics, house.desk, house.clock, lambda: branches)
    return metrics


async def test_each_service_counts_from_its_start_or_where_that_is_implicit_from_the_call(storage: Settings) -> None:
    implicit = terms(policy=replace(Policy(), start_is_implicit=True))
    async with a_house(storage, known=implicit) as house:
        metrics = watched(house, BRANCH)
        await house.open(1)
        await house.ask(IssueTicket(legs=(CASH, CARDS), channel=Channel.KIOSK, language="en"))
        await house.call(1)
        house.clock.wait(seconds=100)
        await house.ask(Finish(window=1, lease=lease_of(1)))
        await house.call(1)
        house.clock.wait(seconds=1000)
        await house.ask(Start(window=1, lease=lease_of(1)))
        house.clock.wait(seconds=10)
        await house.ask(Finish(window=1, lease=lease_of(1)))
    told = metrics.registry.get_sample_value
    assert (told("queue_service_seconds_count"), told("queue_service_seconds_sum")) == (2, 110)


async def test_only_the_branches_that_are_told_apart_have_figures_of_their_own(storage: Settings) -> None:
    async with a_house(storage) as house:
        apart, together = watched(house, BRANCH, "never asked for"), watched(house)
        await house.issue()
        names = [
            {
                sample.name
                for family in metrics.registry.collect()
                for sample in family.samples
                if "branch" in sample.labels
            }
            for metrics in (apart, together)
        ]
        assert "queue_branch_waiting" in names[0] and not names[1]
        issued = {"branch": BRANCH, "what": "issued"}
        assert apart.registry.get_sample_value("queue_branch_tickets_total", issued) == 1
        assert together.registry.get_sample_value("queue_events_total", {"kind": "ticket.issued"}) == 1
