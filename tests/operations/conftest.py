"""A core that the tests of one file share."""

from tests.system.conftest import shared

__all__ = ["shared"]
