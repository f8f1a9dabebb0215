"""`queue-service`, also as `python -m queue_service`."""

from queue_service.wire import entry


def main() -> None:
    """The commands of whoever installs and runs the core."""
    entry.run("queue_service.cli", extra="core")


if __name__ == "__main__":
    main()
