"""What a strict client demands of an answer: the status it expects, and the described shape, no more and no less."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from pydantic import BaseModel

from queue_service.infra.problems import MEDIA_TYPE
from queue_service.wire import messages

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
VIEWS: dict[str, type[BaseModel]] = {
    "board": messages.Board,
    "floor": messages.Floor,
    "window": messages.WindowView,
    "ticket": messages.VisitorTicket,
    "kiosk": messages.KioskView,
}


def said(answer: httpx.Response, model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    """The answer, which is exactly what `model` says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told: dict[str, Any] = answer.json()
    exact(told, model)
    return told


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, which has this code."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem: dict[str, Any] = answer.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "code", "detail", "params"}
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def exact(told: Any, model: type[BaseModel]) -> None:
    """Valid, and at no depth a field that is missing or not described; moments are RFC 3339 in UTC."""
    assert model.model_validate(told).model_dump(mode="json", by_alias=True) == told
    for name, moment in moments(told):
        assert UTC.fullmatch(moment), name


def exact_view(message: dict[str, Any]) -> None:
    """The same of a socket's view."""
    exact(message["data"], VIEWS[message["view"]])
    envelope = messages.View.model_validate(message).model_dump(mode="json", by_alias=True)
    assert {**envelope, "data": message["data"]} == message


def moments(told: Any) -> Iterator[tuple[str, str]]:
    """Every moment in an answer, with the name of its field."""
    if isinstance(told, list):
        for item in told:
            yield from moments(item)
    elif isinstance(told, dict):
        for name, value in told.items():
            if isinstance(value, str) and (name in {"at", "until", "undo_until"} or name.endswith("_at")):
                yield name, value
            else:
                yield from moments(value)


def until(condition: Callable[[], object], wait_s_max: float = 10) -> None:
    """Waits until `condition()` is true."""
    deadline = time.monotonic() + wait_s_max
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
