"""A real display process following a real core, and a real Chromium before it."""

from tests.display_client.running import display
from tests.web.conftest import browser, open_page

__all__ = ["browser", "display", "open_page"]
