"""What makes a catalogue unusable or doubtful, beyond what the hall itself demands; and the demo's catalogue.

Faults and warnings are (place, code, parameters) as in `hall.terms.faults`, worded as `terms.<code>`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from queue_service.hall import terms as hall
from queue_service.hall.hours import Hours
from queue_service.hall.terms import Plan, Terms, Text, VisitorClass
from queue_service.wire.locales import LANGUAGE_COMMON, LANGUAGE_FIRST

LANGUAGES = (LANGUAGE_FIRST, LANGUAGE_COMMON)
"""Every name is given in these; more are welcome."""
TEXT_CHARS_MAX = 300

Remark = tuple[str, str, dict[str, str]]

_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")


def faults(terms: Terms) -> Iterator[Remark]:
    """Everything that keeps these terms from being published."""
    yield from hall.faults(terms)
    for place, text, is_required in _texts(terms):
        yield from _text_faults(place, text, is_required)
    for visitor_class in VisitorClass:
        if visitor_class not in terms.policy.classes:
            yield "policy.classes", "class_missing", {"class": visitor_class}
    for service in terms.services:
        if terms.plans and not any(service.id in _served_by(terms, window.number) for window in terms.windows):
            yield f"services.{service.id}", "service_unserved", {"service": service.id}


def warnings(terms: Terms, now: datetime) -> Iterator[Remark]:
    """What may be meant, but deserves a look."""
    for plan in terms.plans:
        for service in terms.services:
            if not _is_served(terms, plan, service.id):
                yield f"plans.{plan.id}", "service_unserved_in_plan", {"service": service.id, "plan": plan.id}
    for window in terms.windows:
        if not any(window.number in plan.windows for plan in terms.plans):
            yield f"windows.{window.number}", "window_unused", {"window": str(window.number)}
    for zone in terms.zones:
        if not any(window.zone == zone.id for window in terms.windows):
            yield f"zones.{zone.id}", "zone_empty", {"zone": zone.id}
    for index, notice in enumerate(terms.notices, start=1):
        if notice.until is not None and notice.until <= now:
            yield f"notices.{index}", "notice_over", {}
    hours = terms.hours
    if not (hours.is_around_the_clock or hours.week or any(hours.exceptions.values())):
        yield "hours", "never_open", {}


def removals(before: Terms, after: Terms) -> Iterator[Remark]:
    """What an edit takes away; a hall that is open keeps of it what is in use until the day ends."""
    for service in before.services:
        if after.service(service.id) is None:
            yield f"services.{service.id}", "service_removed", {"service": service.id}
    for window in before.windows:
        if after.window(window.number) is None:
            yield f"windows.{window.number}", "window_removed", {"window": str(window.number)}
    for plan in before.plans:
        if after.plan(plan.id) is None:
            yield f"plans.{plan.id}", "plan_removed", {"plan": plan.id}


def around_the_clock(terms: Terms) -> Terms:
    """The same branch, always open, with its first plan alone: every window serves what any plan gives it."""
    first = terms.plans[0]
    served = {window.number: _served_by(terms, window.number) for window in terms.windows}
    fixed = [window.number for window in terms.windows if not window.is_roaming]
    reached = {service_id for number in fixed for service_id in served[number]}
    missed = tuple(service.id for service in terms.services if service.id not in reached)
    windows = {
        # A window without work of its own lends a hand everywhere.
        number: (*service_ids, *missed) or tuple(service.id for service in terms.services)
        for number, service_ids in served.items()
        if number in fixed
    }
    windows |= {number: service_ids for number, service_ids in served.items() if number not in fixed and service_ids}
    return replace(
        terms,
        hours=Hours(
            time_zone=terms.hours.time_zone,
            business_day_start=terms.hours.business_day_start,
            expire_after_close_minutes=terms.hours.expire_after_close_minutes,
            is_around_the_clock=True,
        ),
        plans=(replace(first, windows=windows, switches=()),),
    )


def _served_by(terms: Terms, number: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(service_id for plan in terms.plans for service_id in plan.windows.get(number, ())))


def _is_served(terms: Terms, plan: Plan, service_id: str) -> bool:
    """Whether a window that stands there, not just a handheld, serves it under the plan."""
    roaming = {window.number for window in terms.windows if window.is_roaming}
    return any(service_id in served for number, served in plan.windows.items() if number not in roaming)


def _texts(terms: Terms) -> Iterator[tuple[str, Text, bool]]:
    """Every text with its place and whether it must be there."""
    yield "name", terms.name, True
    yield "address", terms.address, False
    for service in terms.services:
        place = f"services.{service.id}"
        yield f"{place}.name", service.name, True
        yield f"{place}.about", service.about, False
        if service.self_service is not None:
            yield f"{place}.self_service", service.self_service, True
    for zone in terms.zones:
        yield f"zones.{zone.id}.name", zone.name, True
    for window in terms.windows:
        yield f"windows.{window.number}.name", window.name, False
    for plan in terms.plans:
        yield f"plans.{plan.id}.name", plan.name, True
    for index, notice in enumerate(terms.notices, start=1):
        yield f"notices.{index}.text", notice.text, True


def _text_faults(place: str, text: Text, is_required: bool) -> Iterator[Remark]:
    strange = [tag for tag in text if not _LANGUAGE_TAG.fullmatch(tag)]
    for tag in strange:
        yield f"{place}.{tag}", "bad_language", {"tag": tag}
    if (text or is_required) and not strange:
        for language in LANGUAGES:
            if not text.get(language, "").strip():
                yield place, "language_missing", {"tag": language}
    for tag, words in text.items():
        if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in words):
            yield f"{place}.{tag}", "text_control", {}
        if len(words) > TEXT_CHARS_MAX:
            yield f"{place}.{tag}", "text_too_long", {"most": str(TEXT_CHARS_MAX)}
