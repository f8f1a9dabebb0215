"""A real kiosk process at a real core, a real Chromium before it, and a network between that can fail."""

from tests.kiosk_client.running import kiosk, patient_kiosk
from tests.web.conftest import browser, open_page

__all__ = ["browser", "kiosk", "open_page", "patient_kiosk"]
