"""Queue management and ticketing for halls."""

__version__ = "0.3.0"
