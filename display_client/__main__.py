"""`python -m display_client` is `queue-display`."""

from display_client.cli import app

app(prog_name="queue-display")
