"""What is shown of a day whose catalogue was edited under it."""

from queue_service.desk.views import ticket_view, visitor_view, windows_view
from queue_service.hall.commands import Cancel
from queue_service.live import views as live_views
from queue_service.waits.rules import Outlook
from tests.desk.house import CARDS, CASH, House, a_plan, terms


async def test_a_ticket_of_a_service_that_is_gone_is_still_shown(house: House) -> None:
    issued = await house.issue(CARDS)
    await house.ask(Cancel(ticket=issued["id"], by_visitor=True))
    known = terms()
    await house.publish(terms(services=known.services[:1], plans=(a_plan({1: (CASH,)}),)))
    await house.desk.wake()
    day = await house.today()
    ticket = day.ticket(issued["id"])
    assert ticket is not None
    shown = visitor_view(day, ticket, Outlook(day))
    assert shown["service"]["id"] == CARDS
    assert ticket_view(day, ticket, Outlook(day))["service"] == CARDS


async def test_a_window_that_is_gone_is_still_shown_to_whoever_looks_at_it(house: House) -> None:
    await house.today()
    known = terms()
    await house.publish(terms(windows=known.windows[:1], plans=(a_plan({1: (CASH, CARDS)}),)))
    await house.desk.wake()
    day = await house.today()
    assert [window["number"] for window in windows_view(day)["windows"]] == [1]
    assert live_views.window(live_views.Sight(day), 3)["window"]["state"] == "closed"
