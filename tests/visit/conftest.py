"""All real processes side by side, and a real Chromium before each."""

from tests.display_client.running import display
from tests.kiosk_client.running import kiosk
from tests.web.conftest import browser, open_page

__all__ = ["browser", "display", "kiosk", "open_page"]
