"""How a command begins: with all packages of its kind of machine, or with one line that says what to install."""

import sys
from importlib import import_module
from typing import Final

from queue_service.wire import locales

OWN: Final = ("queue_service", "kiosk_client", "display_client")


def run(module: str, *, extra: str) -> None:
    """Runs the command `module.app`; exits with 1 where a package of `queue-service[extra]` is not installed."""
    try:
        command = import_module(module).app
    except ModuleNotFoundError as missing:
        name = missing.name or ""
        if name.partition(".")[0] in OWN:
            raise
        sys.exit(locales.text(locales.of_terminal(), "start.package_missing", name=name, extra=extra))
    command()
