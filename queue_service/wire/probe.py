"""Asks a process of this service whether it is well: `python -m queue_service.wire.probe ADDRESS [WAIT_S]`.

For health checks and start orders, where no other client is installed: only the standard library, a tenth of a second.
Exits with 0 when ADDRESS answers 200, asking again for up to WAIT_S seconds (0: once), else with 1 and the reason.
"""

import http.client
import sys
import time
from typing import Final
from urllib.parse import urlsplit

ANSWER_S_MAX: Final = 4
ASK_AGAIN_S: Final = 0.2


def trouble(address: str) -> str | None:
    """What keeps `address` (http) from answering 200; None where it does."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_S_MAX)
    try:
        connection.request("GET", parts.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as failure:
        return str(failure) or type(failure).__name__
    finally:
        connection.close()
    return None if status == http.client.OK else f"status {status}"


def main(address: str, wait_s: str = "0") -> None:
    """Ends when `address` is well, or when patience does."""
    deadline = time.monotonic() + float(wait_s)
    while (told := trouble(address)) is not None:
        if time.monotonic() >= deadline:
            sys.exit(f"{address}: {told}")
        time.sleep(ASK_AGAIN_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
