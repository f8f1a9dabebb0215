"""`queue-display`, also as `python -m display_client`."""

from queue_service.wire import entry


def main() -> None:
    """Serves the lobby boards of one hall."""
    entry.run("display_client.cli", extra="display")


if __name__ == "__main__":
    main()
