"""A program of several processes for tests: each says its number and process id, and waits as its words say."""

import os
import select
import signal
import sys
import time

from queue_service.infra import logging, processes
from queue_service.infra.processes import split

UNABLE_STATUS = 7
BEAT_S = 0.2
AWAY_S = 1.0
"""Both shorter than in earnest, lest the tests wait."""


def main(count: str, stop_s_max: str, silent_s_max: str, manner: str) -> None:
    """`manner`: steady; deaf: number 1 hears no SIGTERM; unable: number 1 never gets ready; slow: it takes its time."""
    logging.configure("info")
    processes.BEAT_S, processes.AWAY_S = BEAT_S, AWAY_S  # constants to everybody else
    process = split(int(count), stop_s_max=float(stop_s_max), silent_s_max=float(silent_s_max), let_go=lambda: None)
    is_odd = process.number == 1
    if manner == "unable" and is_odd:
        sys.exit(UNABLE_STATUS)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "deaf" and is_odd else lambda *_: sys.exit(0))
    if manner == "slow" and is_odd:
        time.sleep(2 * float(silent_s_max))
    process.beat()
    os.write(sys.stdout.fileno(), f"{process.number} {os.getpid()}\n".encode())
    while not select.select([process.lifeline], [], [], BEAT_S)[0]:
        process.beat()
    os.write(sys.stdout.fileno(), f"orphan {process.number}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
