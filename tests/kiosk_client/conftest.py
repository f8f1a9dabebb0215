"""A real kiosk process at a real core, a real Chromium before it, and a network between that can fail."""

from tests.kiosk_client.running import kiosk, patient_kiosk

__all__ = ["kiosk", "patient_kiosk"]
