"""The alert of a kiosk's printer ends with the kiosk: one that was taken out of service tells nothing any more."""

from typing import Final

from queue_service.desk.branch import Ask
from queue_service.desk.service import Desk
from queue_service.desk.views import printer_faults
from queue_service.hall.commands import TellPrinter
from queue_service.identity.service import Identity
from queue_service.wire.clock import Clock

LOOK_S: Final = 10.0
"""Between two looks at the kiosks whose printers have a fault, in seconds."""
HOUSE: Final = "house"


async def forget_the_gone(desk: Desk, identity: Identity, clock: Clock) -> None:
    """Ends the alerts of printers whose kiosk is not active any more."""
    for day in desk.days():
        faulty = printer_faults(day)
        if not faulty:
            continue
        active = {kiosk.name for kiosk in await identity.kiosks(day.branch_id, clock())}
        for name in sorted(faulty.keys() - active):
            await desk.submit(
                Ask(
                    branch_id=day.branch_id,
                    actor=HOUSE,
                    kind="printer.tell",
                    command=TellPrinter(place=name, fault=None),
                    answer=lambda _day, _accepted: {},
                )
            )
