"""Runs days: load, decide, append, evolve, publish; the ticket and window routes."""
