"""`python -m kiosk_client`."""

from kiosk_client.cli import app

app()
