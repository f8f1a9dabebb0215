"""Who holds a window, and what it may do."""

from queue_service.hall.commands import CloseWindow, OpenWindow, PauseWindow
from queue_service.hall.day import Day
from queue_service.hall.events import (
    Event,
    WindowClosed,
    WindowClosing,
    WindowOpened,
    WindowPaused,
    WindowPausing,
)
from queue_service.hall.refusals import Code, Refusal
from queue_service.hall.tickets import Lease, WindowState, WindowStatus


def held(day: Day, number: int, lease: Lease | None) -> WindowState | Refusal:
    """The window, if whoever holds `lease` may command it; None speaks with authority over any window."""
    if day.terms.window(number) is None:
        return Refusal(Code.WINDOW_UNKNOWN, {"window": number})
    window = day.window(number)
    if lease is not None and window.lease != lease:
        if window.status is WindowStatus.CLOSED:
            return Refusal(Code.WINDOW_CLOSED, {"window": number})
        return Refusal(Code.WINDOW_LEASE_LOST, {"window": number})
    return window


def ready(day: Day, number: int, lease: Lease | None) -> WindowState | Refusal:
    """The window, if it may take a visitor now: commanded by its holder, open, idle."""
    window = held(day, number, lease)
    if isinstance(window, Refusal):
        return window
    if window.ticket is not None:
        return Refusal(Code.WINDOW_BUSY, {"window": number})
    if window.status is WindowStatus.CLOSED:
        return Refusal(Code.WINDOW_CLOSED, {"window": number})
    if window.status is WindowStatus.PAUSED:
        return Refusal(Code.WINDOW_PAUSED, {"window": number})
    return window


def open_window(day: Day, command: OpenWindow) -> tuple[Event, ...] | Refusal:
    """Open, go on after a pause, or take over; nothing happens to a window that is open for this very session."""
    number, lease = command.window, command.lease
    if day.terms.window(number) is None:
        return Refusal(Code.WINDOW_UNKNOWN, {"window": number})
    window = day.window(number)
    holder = window.lease
    if holder == lease and window.status is WindowStatus.OPEN and window.then is None:
        return ()
    if number not in day.plan_in_force().windows and window.ticket is None:
        return Refusal(Code.WINDOW_NOT_IN_PLAN, {"window": number})
    is_others = holder is not None and holder.teller != lease.teller
    if is_others and not command.takeover:
        return Refusal(Code.WINDOW_TAKEN, {"window": number})
    taken_from = holder.teller if holder is not None and is_others else None
    return (WindowOpened(window=number, teller=lease.teller, session=lease.session, taken_from=taken_from),)


def pause_window(day: Day, command: PauseWindow) -> tuple[Event, ...] | Refusal:
    """Stop calling: now, or after the current ticket. A ticket at the window stays there."""
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.status is WindowStatus.CLOSED:
        return Refusal(Code.WINDOW_CLOSED, {"window": command.window})
    if command.after_current and window.ticket is not None:
        is_asked_already = window.then is WindowStatus.PAUSED and window.pause_reason == command.reason
        return () if is_asked_already else (WindowPausing(window=command.window, reason=command.reason),)
    is_so = (window.status, window.then, window.pause_reason) == (WindowStatus.PAUSED, None, command.reason)
    return () if is_so else (WindowPaused(window=command.window, reason=command.reason),)


def close_window(day: Day, command: CloseWindow) -> tuple[Event, ...] | Refusal:
    """Close: now, or after the current ticket. A ticket at the window stays there for whoever opens it next."""
    window = held(day, command.window, command.lease)
    if isinstance(window, Refusal):
        return window
    if window.status is WindowStatus.CLOSED:
        return Refusal(Code.WINDOW_CLOSED, {"window": command.window})
    if command.after_current and window.ticket is not None:
        return () if window.then is WindowStatus.CLOSED else (WindowClosing(window=command.window),)
    return (WindowClosed(window=command.window),)


def after_ticket(window: WindowState) -> tuple[Event, ...]:
    """What a window turns to when its ticket leaves."""
    match window.then:
        case WindowStatus.CLOSED:
            return (WindowClosed(window=window.number),)
        case WindowStatus.PAUSED:
            return (WindowPaused(window=window.number, reason=window.pause_reason or ""),)
        case _:
            return ()
