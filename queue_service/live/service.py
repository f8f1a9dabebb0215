"""Feeds the channels: every change of a day is offered to whoever follows that branch."""

from collections.abc import Callable
from functools import partial

from queue_service.desk.branch import Change
from queue_service.desk.service import Desk
from queue_service.desk.views import View, visitor_view
from queue_service.hall.day import Day
from queue_service.hall.events import Phase, PrintAsked, TicketCalled, TicketRecalled, TicketResumed
from queue_service.infra.answers import encode
from queue_service.live import views
from queue_service.live.channels import ChannelKey, Hub, Snapshot, Source, Subscription
from queue_service.live.views import Sight

BOARD = "board"
FLOOR = "floor"
WINDOW = "window"
TICKET = "ticket"
KIOSK = "kiosk"

GONE = 4404
"""Close code of a console whose window is no longer in the catalogue."""


class Live:
    """What is shown to whom, as it happens."""

    def __init__(self, desk: Desk, hub: Hub) -> None:
        self._desk = desk
        self.hub = hub
        self._sights: dict[str, Sight] = {}
        desk.listeners.append(self._on_change)

    def sight(self, day: Day) -> Sight:
        """The day to be looked at; all who look at the same share the work."""
        sight = self._sights.get(day.branch_id)
        if sight is None or sight.day is not day:
            sight = self._sights[day.branch_id] = Sight(day)
        return sight

    def board(self, day: Day) -> tuple[ChannelKey, Source]:
        """The channel of the lobby board."""
        return ChannelKey(branch=day.branch_id, view=BOARD), self._source(day, views.board)

    def floor(self, day: Day) -> tuple[ChannelKey, Source]:
        """The channel of the staff's view of the hall."""
        return ChannelKey(branch=day.branch_id, view=FLOOR), self._source(day, views.floor)

    def window(self, day: Day, number: int) -> tuple[ChannelKey, Source]:
        """The channel of one window; closed with `GONE` when the catalogue takes the window away."""
        key = ChannelKey(branch=day.branch_id, view=WINDOW, part=str(number))
        last = self.sight(day)

        def view(newest: Sight) -> View:
            nonlocal last
            last = newest if newest.day.terms.window(number) is not None else last
            return views.window(last, number)

        return key, self._source(day, view)

    def kiosk(self, day: Day, name: str) -> tuple[ChannelKey, Source]:
        """The channel of one kiosk: the board and what it is to print."""

        def view(newest: Sight) -> View:
            return views.kiosk(newest, name)

        return ChannelKey(branch=day.branch_id, view=KIOSK, part=name), self._source(day, view)

    def ticket(self, day: Day, ticket_id: str) -> tuple[ChannelKey, Source]:
        """The channel of a visitor's ticket; it stands still when the ticket's day is over."""
        key = ChannelKey(branch=day.branch_id, view=TICKET, part=ticket_id)
        last = self.sight(day) if self._desk.newest(day.branch_id) is day else Sight(day)

        def view(newest: Sight) -> View:
            nonlocal last
            last = newest if newest.day.business_on == day.business_on else last
            ticket = last.day.ticket(ticket_id)
            assert ticket is not None, "a ticket that was issued stays"
            return visitor_view(last.day, ticket, last.outlook)

        return key, self._source(day, view)

    def _source(self, day: Day, view: Callable[[Sight], View]) -> Source:
        def snapshot() -> Snapshot:
            newest = self._desk.newest(day.branch_id) or day
            return Snapshot(newest.seq, encode(view(self.sight(newest))))

        return snapshot

    def _on_change(self, change: Change) -> None:
        day, called = change.day, _called(change)
        printing = {event.kiosk for event in change.events if isinstance(event, PrintAsked)}
        for key in self.hub.keys(day.branch_id):
            if key.view == WINDOW and day.terms.window(int(key.part)) is None:
                self.hub.close_where(partial(_follows, key), GONE)
            else:
                urgent = _is_urgent(key, day, called) or (key.view == KIOSK and key.part in printing)
                self.hub.offer(key, urgent=urgent)


def _follows(key: ChannelKey, subscription: Subscription) -> bool:
    return subscription.key == key


def _is_urgent(key: ChannelKey, day: Day, called: set[str]) -> bool:
    """Calls do not wait; nor does the last word on a ticket, for a moment later the newest day is the next one."""
    if key.view in (BOARD, FLOOR, KIOSK):
        return bool(called)
    return key.part in called or (key.view == TICKET and day.phase is Phase.OVER)


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
