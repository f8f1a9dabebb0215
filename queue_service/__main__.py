"""`python -m queue_service` is `queue-service`."""

from queue_service.cli import app

app()
