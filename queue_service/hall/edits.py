"""A newer catalogue enters a day on which people wait: nothing that is in use is taken away from under them."""

from dataclasses import replace

from queue_service.hall.day import Day
from queue_service.hall.terms import Plan, Service, Terms, Window
from queue_service.hall.tickets import WindowStatus


def with_what_is_in_use(day: Day, terms: Terms) -> Terms:
    """`terms`, and of the day's old ones the services that visitors still want and the windows that are open or busy.

    Such a service is retired: it gives no numbers, and is served last by the windows that served it before, or by all
    windows of a plan where none of those is left. Such a window keeps its zone, and of its services what is offered.
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
    present = {zone.id for zone in terms.zones}
    wanted_zones = {window.zone for window in windows} - present
    services = (*terms.services, *services)
    return replace(
        terms,
        services=services,
        zones=(*terms.zones, *(zone for zone in day.terms.zones if zone.id in wanted_zones)),
        windows=(*terms.windows, *windows),
        plans=tuple(_serving(plan, day.terms, services, windows) for plan in terms.plans),
    )


def _serving(plan: Plan, old: Terms, services: tuple[Service, ...], windows: tuple[Window, ...]) -> Plan:
    before = old.plan(plan.id)
    serving = {number: list(served) for number, served in plan.windows.items()}
    offered = {service.id for service in services}
    for window in windows:
        kept = [service for service in before.windows.get(window.number, ()) if service in offered] if before else []
        if kept:
            serving[window.number] = kept
    for service in services:
        if not service.is_retired:
            continue
        by = [number for number in serving if before is not None and service.id in before.windows.get(number, ())]
        for number in by or serving:
            if service.id not in serving[number]:
                serving[number].append(service.id)
    return replace(plan, windows={number: tuple(served) for number, served in serving.items()})
