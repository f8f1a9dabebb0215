"""What sockets say."""

from datetime import datetime
from typing import Literal

from queue_service.wire.messages.devices import KioskView
from queue_service.wire.messages.everybody import Board
from queue_service.wire.messages.staff import Floor, WindowView
from queue_service.wire.messages.tickets import VisitorTicket
from queue_service.wire.messages.values import Answer


class View(Answer):
    """A whole view: the newest replaces all before it.

    `rev` rises with each change of the view within one `epoch` (a start of the serving process); `seq` is the day's.
    """

    type: Literal["view"]
    view: Literal["board", "floor", "window", "ticket", "kiosk"]
    epoch: str
    rev: int
    seq: int
    at: datetime
    data: Board | Floor | WindowView | VisitorTicket | KioskView


class Alive(Answer):
    """The view of this `rev` is still the newest."""

    type: Literal["alive"]
    epoch: str
    rev: int
    at: datetime
