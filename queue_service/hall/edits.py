"""A newer catalogue enters a day on which people wait: nothing that is in use is taken away from under them."""

from dataclasses import replace

from queue_service.hall.day import Day
from queue_service.hall.terms import Plan, Service, Terms
from queue_service.hall.tickets import WindowStatus


def with_what_is_in_use(day: Day, terms: Terms) -> Terms:
    """`terms`, and of the day's old ones the services that visitors still want and the windows that are open or busy.

    Such a service is retired: it gives no numbers, and is served last by the windows that served it before, or by all
    windows of a plan where none of those is left.
    """
    undoable = (day.ticket(state.last_finished) for state in day.windows.values() if state.last_finished is not None)
    visits = [*day.live.values(), *(ticket for ticket in undoable if ticket is not None)]
    wanted = {service for ticket in visits for service in ticket.legs[ticket.leg :]}
    services = tuple(
        replace(service, is_retired=True)
        for service in day.terms.services
        if service.id in wanted and terms.service(service.id) is None
    )
    used = {state.number for state in day.windows.values() if state.ticket or state.status is not WindowStatus.CLOSED}
    windows = tuple(
        window for window in day.terms.windows if window.number in used and terms.window(window.number) is None
    )
    if not services and not windows:
        return terms
    return replace(
        terms,
        services=(*terms.services, *services),
        windows=(*terms.windows, *windows),
        plans=tuple(_serving(plan, day.terms, services) for plan in terms.plans),
    )


def _serving(plan: Plan, old: Terms, services: tuple[Service, ...]) -> Plan:
    before = old.plan(plan.id)
    serving = {number: list(served) for number, served in plan.windows.items()}
    for service in services:
        by = [number for number in plan.windows if before is not None and service.id in before.windows.get(number, ())]
        for number in by or plan.windows:
            serving[number].append(service.id)
    return replace(plan, windows={number: tuple(served) for number, served in serving.items()})
