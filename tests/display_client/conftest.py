"""A real display process following a real core, and a real Chromium before it."""

from tests.display_client.running import display

__all__ = ["display"]
