"""Feeds the channels: every change of a day is offered to whoever follows that branch."""

from collections.abc import Callable

from queue_service.desk.service import Change, Desk
from queue_service.desk.views import View, visitor_view
from queue_service.hall.day import Day
from queue_service.hall.events import TicketCalled, TicketRecalled, TicketResumed
from queue_service.infra.answers import encode
from queue_service.live import views
from queue_service.live.channels import ChannelKey, Hub, Snapshot, Source
from queue_service.waits.rules import Outlook

BOARD = "board"
FLOOR = "floor"
WINDOW = "window"
TICKET = "ticket"


class Live:
    """What is shown to whom, as it happens."""

    def __init__(self, desk: Desk, hub: Hub) -> None:
        self._desk = desk
        self.hub = hub
        desk.listeners.append(self._on_change)

    def board(self, day: Day) -> tuple[ChannelKey, Source]:
        """The channel of the lobby board."""
        return ChannelKey(branch=day.branch_id, view=BOARD), self._source(day, views.board)

    def floor(self, day: Day) -> tuple[ChannelKey, Source]:
        """The channel of the staff's view of the hall."""
        return ChannelKey(branch=day.branch_id, view=FLOOR), self._source(day, views.floor)

    def window(self, day: Day, number: int) -> tuple[ChannelKey, Source]:
        """The channel of one window."""
        key = ChannelKey(branch=day.branch_id, view=WINDOW, part=str(number))
        return key, self._source(day, lambda newest: views.window(newest, number))

    def ticket(self, day: Day, ticket_id: str) -> tuple[ChannelKey, Source]:
        """The channel of a visitor's ticket; one of a past day stands still."""
        key = ChannelKey(branch=day.branch_id, view=TICKET, part=ticket_id)

        def view(newest: Day) -> View:
            of = newest if newest.business_on == day.business_on else day
            ticket = of.ticket(ticket_id)
            assert ticket is not None, "a ticket that was issued stays"
            return visitor_view(of, ticket, Outlook(of))

        return key, self._source(day, view)

    def _source(self, day: Day, view: Callable[[Day], View]) -> Source:
        def snapshot() -> Snapshot:
            newest = self._desk.newest(day.branch_id) or day
            return Snapshot(newest.seq, encode(view(newest)))

        return snapshot

    def _on_change(self, change: Change) -> None:
        called = _called(change)
        for key in self.hub.keys(change.day.branch_id):
            self.hub.offer(key, urgent=bool(called) and (key.view in (BOARD, FLOOR) or key.part in called))


def _called(change: Change) -> set[str]:
    """Tickets that were called, and the windows that they were called to, as parts of channels."""
    called: set[str] = set()
    for event in change.events:
        match event:
            case TicketCalled(ticket=ticket) | TicketRecalled(ticket=ticket) | TicketResumed(ticket=ticket):
                found = change.day.ticket(ticket)
                called.add(ticket)
                if found is not None and found.window is not None:
                    called.add(str(found.window))
            case _:
                pass
    return called
