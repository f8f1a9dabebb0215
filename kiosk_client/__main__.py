"""`queue-kiosk`, also as `python -m kiosk_client`."""

from queue_service.wire import entry


def main() -> None:
    """Serves the touch pages of one kiosk."""
    entry.run("kiosk_client.cli", extra="kiosk")


if __name__ == "__main__":
    main()
