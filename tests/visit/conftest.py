"""All real processes side by side, and a real Chromium before each."""

from tests.display_client.running import display
from tests.kiosk_client.running import kiosk

__all__ = ["display", "kiosk"]
