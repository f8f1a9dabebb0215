"""From the core's answer to what stands on the paper."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk_client.printing.ticket import PaperTicket

Text = dict[str, str]


def paper_ticket(ticket: dict[str, Any], board: dict[str, Any], *, is_copy: bool) -> PaperTicket:
    """The paper of an issued ticket, with the words of the board."""
    branch = board["branch"]
    names: dict[str, Text] = {service["id"]: service["name"] for service in board["services"]}
    wait = ticket["wait"]
    return PaperTicket(
        label=ticket["label"],
        services=tuple(names.get(leg, {ticket["language"]: leg}) for leg in ticket["legs"]),
        ahead=ticket["ahead"],
        wait_low_s=None if wait is None else wait["low_s"],
        wait_high_s=None if wait is None else wait["high_s"],
        windows=tuple(ticket["windows"]),
        zone=zone_of(ticket["windows"], board),
        branch=branch["name"],
        issued_at=datetime.fromisoformat(ticket["issued_at"]).astimezone(ZoneInfo(branch["time_zone"])),
        url=ticket["url"],
        missed_rule=branch["missed_rule"]["rule"],
        missed_after=branch["missed_rule"]["after"],
        language=ticket["language"],
        is_copy=is_copy,
        visitor_class=ticket["class"],
        to_confirm=ticket["to_confirm"],
    )


def zone_of(windows: Iterable[int], board: dict[str, Any]) -> Text | None:
    """The part of the hall in which all these windows are; None where they are in several, or there is none."""
    numbers = set(windows)
    zones = {window["zone"] for window in board["windows"] if window["number"] in numbers}
    names: dict[str, Text] = {zone["id"]: zone["name"] for zone in board["zones"]}
    return names.get(zones.pop()) if len(zones) == 1 else None
