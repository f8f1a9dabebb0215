"""What managers see beside what their staff see."""

from datetime import datetime

from queue_service.wire.messages.everybody import Notice
from queue_service.wire.messages.values import Answer


class ServiceFigures(Answer):
    """One service's part of the day."""

    service: str
    issued: int
    """Tickets taken for it, or for it first."""
    waiting: int
    serving: int
    """Called or served."""
    served: int
    """Services done, several of one visit counted each."""
    left: int
    """Cancelled or expired."""
    over_target: int
    """Waits longer than the target, those that go on among them."""
    wait_s_p50: int | None
    wait_s_p90: int | None
    service_s_mean: int | None


class WindowFigures(Answer):
    """One window's part of the day."""

    window: int
    served: int
    service_s_mean: int | None


class Figures(Answer):
    """The business day until now. Waits: from joining a queue to the first call; percentiles by nearest rank."""

    at: datetime
    issued: int
    waiting: int
    serving: int
    """Called or served."""
    served: int
    """Visits that were finished."""
    left: int
    """Cancelled or expired."""
    missed: int
    diverted: int
    over_target: int
    """Waits longer than the service's target, those that go on among them."""
    wait_s_p50: int | None
    wait_s_p90: int | None
    wait_s_max: int | None
    service_s_mean: int | None
    services: list[ServiceFigures]
    windows: list[WindowFigures]
    """Windows that were opened today."""


class Notices(Answer):
    """The notices of a branch, for whoever writes them."""

    version: int
    """Of the branch's catalogue; to be given back with an edit."""
    notices: list[Notice]
