"""Devices, and what they ask of people."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from queue_service.hall.tickets import AlertKind, Fault
from queue_service.wire.messages.everybody import Board
from queue_service.wire.messages.tickets import IssuedTicket
from queue_service.wire.messages.values import Answer, Id


class Alert(Answer):
    """Something that wants a greeter."""

    id: Id
    kind: AlertKind
    place: str
    """Name of the device that it came from; empty where it came from none."""
    service: str | None
    """Over target: the service that somebody waits too long for."""
    window: int | None
    """Idle window: its number."""
    fault: Fault | None
    """Printer: what is wrong with it."""
    at: datetime
    taken_by: str | None
    taken_at: datetime | None


class PrinterAnswer(Answer):
    """What became of a printer's alert; None: it is well."""

    alert: Alert | None


class Print(Answer):
    """A ticket that a kiosk is to print and has not taken yet."""

    id: Id
    ticket: Id
    label: str
    kiosk: str
    """Name of the kiosk."""
    at: datetime
    copy_: bool = Field(alias="copy")
    """The visitor has a paper of it already, as far as anybody knows; the new one says so."""


class PrintTaken(Answer):
    """What to print."""

    ticket: IssuedTicket
    copy_: bool = Field(alias="copy")


class Kiosk(Answer):
    """A kiosk of the branch; the name is unique there."""

    name: str
    fault: Fault | None
    connected: bool


class Kiosks(Answer):
    """The kiosks of a branch, by name."""

    kiosks: list[Kiosk]


class Device(Answer):
    """A device, told to itself."""

    id: Id
    kind: Literal["kiosk", "display"]
    name: str
    branch: str


class KioskView(Board):
    """The board for one kiosk, and what it is to print, oldest first."""

    prints: list[Print]
