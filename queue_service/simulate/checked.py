"""A day under a virtual clock: every command goes through the hall's rules, every entry through the checks."""

from datetime import date, datetime

from queue_service.hall.commands import CallNext, Command
from queue_service.hall.day import Day
from queue_service.hall.decide import Decision, decide
from queue_service.hall.events import Event
from queue_service.hall.evolve import Entry, evolve, replay
from queue_service.hall.invariants import Checker, violations
from queue_service.hall.phases import advance, open_day
from queue_service.hall.refusals import Refusal
from queue_service.hall.routing import Reason
from queue_service.hall.terms import Terms
from queue_service.simulate.measures import Measures


class CheckedDay:
    """A day that nobody else writes; time only goes forward."""

    def __init__(self, terms: Terms, on: date, at: datetime) -> None:
        opened = (open_day(terms, on, at),)
        self.day: Day = evolve(None, 1, at, opened)
        self.measures = Measures()
        self.checks = 0
        """Entries, answers that nobody waits, and replays that were checked."""
        self.violated: list[str] = []
        """Broken invariants, in words."""
        self._checker = Checker()
        self._entries: list[Entry] = []
        self._check(opened)

    def ask(self, command: Command, at: datetime) -> Decision:
        """Decide a command after all that is due by `at`, and enter what it amounts to."""
        self.advance(at)
        decision = decide(self.day, command, at)
        if isinstance(decision, Refusal):
            return decision
        if decision.events:
            self._enter(at, decision.events)
        elif isinstance(command, CallNext) and decision.reason is Reason.NOBODY:
            self.checks += 1
            self._checker.nobody(command.window, at)
            self._note()
        return decision

    def advance(self, at: datetime) -> None:
        """Enter what the clock alone brings about by `at`."""
        while (due := advance(self.day, at)) is not None:
            self._enter(max(due.at, self.day.at), due.events)

    def end(self, at: datetime) -> None:
        """Bring the day to `at` and check that its journal, replayed, gives the same day."""
        self.advance(at)
        self.checks += 1
        if replay(self._entries) != self.day:
            self.violated.append(f"I14 at {self.day.seq}: the replayed journal gives another day")

    def _enter(self, at: datetime, events: tuple[Event, ...]) -> None:
        before = self.day
        self.day = evolve(before, before.seq + 1, at, events)
        self.measures.entry(before, self.day, events)
        self._check(events)

    def _check(self, events: tuple[Event, ...]) -> None:
        self.checks += 1
        self._entries.append((self.day.seq, self.day.at, events))
        self._checker.entry(self.day.seq, self.day.at, events)
        self._note()
        self.violated.extend(f"structure at {self.day.seq}: {text}" for text in violations(self.day))

    def _note(self) -> None:
        found = self._checker.found
        self.violated.extend(f"{fault.invariant} at {fault.seq}: {fault.text}" for fault in found)
        found.clear()
