"""What must hold whatever happens, checked twice: in a day's state, and in its entries by other, plainer means."""

from queue_service.hall.invariants.checker import Checker, Violation
from queue_service.hall.invariants.state import violations

__all__ = ["Checker", "Violation", "violations"]
