"""A long random session: the running day is always what its journal says, and every invariant holds."""

from random import Random  # noqa: TID251 seeded, so that a failure comes again

from queue_service.hall.commands import (
    AskHelp,
    CallNext,
    CallTicket,
    Cancel,
    ChangeClass,
    CloseAlert,
    CloseWindow,
    Command,
    Divert,
    Finish,
    IssueTicket,
    Miss,
    OpenWindow,
    Park,
    PauseWindow,
    Recall,
    Reinstate,
    Resume,
    Start,
    SwitchPlan,
    TakeAlert,
    Transfer,
    Undo,
    WalkIn,
)
from queue_service.hall.day import Day
from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Channel, Place
from queue_service.infra.problems import Problem
from queue_service.settings import Settings
from tests.desk.house import BRANCH, CARDS, CASH, MONDAY, House, a_house, a_plan, lease_of, terms

STEPS = 600
SEED = 20260302


async def test_a_replayed_journal_equals_the_running_day(storage: Settings) -> None:
    plans = (*terms().plans, a_plan({1: (CASH,), 3: (CARDS,)}, "narrow"))
    async with a_house(storage, known=terms(plans=plans)) as house:
        chance = Random(SEED)
        accepted = 0
        for step in range(STEPS):
            house.clock.wait(seconds=chance.choice((0, 1, 5, 30, -3)))
            if step % 150 == 149:
                await house.publish(terms(plans=plans if step % 300 == 149 else plans[:1]))
                await house.desk.wake()
            key = f"key-{chance.randrange(STEPS)}" if chance.random() < 0.5 else None
            accepted += await _is_accepted(house, _a_command(chance, await house.today()), key)
        day = await house.today()
        assert accepted > STEPS / 4
        assert await house.replayed() == day
        assert [change.day for change in house.changes][-1] == day
        seqs = [change.day.seq for change in house.changes]
        assert seqs == sorted(seqs)
    async with a_house(storage, house.clock) as again:
        assert await again.today() == day
        again.clock.wait(days=1)
        await again.desk.wake()
        assert not (await again.replayed(MONDAY)).live


async def _is_accepted(house: House, command: Command, key: str | None) -> bool:
    try:
        await house.ask(command, key=key, fingerprint=repr(command).encode()[:16])
    except Problem as problem:
        assert problem.status in (404, 409, 422), problem.code
        return False
    return True


def _a_command(chance: Random, day: Day) -> Command:
    assert day.branch_id == BRANCH
    number = chance.choice((1, 1, 2, 2, 3, 3, 7))
    lease = lease_of(number) if chance.random() < 0.9 else None
    ticket = chance.choice([*day.live, "20260302-1"])
    service = chance.choice((CASH, CARDS))
    busy: list[Command] = [
        Start(window=number, lease=lease),
        Finish(window=number, lease=lease),
        Recall(window=number, lease=lease),
        Miss(window=number, lease=lease),
        Park(window=number, lease=lease),
        Transfer(window=number, lease=lease, to_service=service, to_window=None, place=chance.choice(list(Place))),
    ]
    floor: list[Command] = [
        Cancel(ticket=ticket, by_visitor=True),
        Divert(ticket=ticket, to="app"),
        Reinstate(ticket=ticket),
        Resume(window=number, lease=lease, ticket=ticket),
        CallTicket(window=number, lease=lease, ticket=ticket, reason="asked"),
        ChangeClass(ticket=ticket, visitor_class=chance.choice(list(VisitorClass)), reason="seen"),
        WalkIn(window=number, lease=lease, service=service, reason="waved", language="en"),
        Undo(window=number, lease=lease),
        PauseWindow(window=number, lease=lease, reason="break", after_current=chance.random() < 0.5),
        CloseWindow(window=number, lease=lease, after_current=chance.random() < 0.5),
        SwitchPlan(plan=chance.choice(("normal", "narrow")), by_greeter=True),
        AskHelp(place="kiosk"),
        TakeAlert(alert=f"help-{chance.randrange(1, day.seq + 1)}", by="staff:greeter"),
        CloseAlert(alert=f"help-{chance.randrange(1, day.seq + 1)}", by="staff:greeter"),
    ]
    often: list[Command] = [
        IssueTicket(legs=chance.choice(((CASH,), (CARDS,), (CASH, CARDS))), channel=Channel.KIOSK, language="en"),
        CallNext(window=number, lease=lease),
        OpenWindow(window=number, lease=lease_of(number), takeover=False),
    ]
    return chance.choice([*often, *often, *often, *busy, *busy, *floor])
