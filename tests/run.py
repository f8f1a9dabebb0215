"""Every test, what fails soonest first: the rules with full branch coverage, then all else in parallel."""

import os
import subprocess
import sys

WORKERS = str(min((os.cpu_count() or 1) + 1, 4))
"""One more than processors: many tests wait for processes and browsers."""
SLOW_TOLD = 25


def main() -> int:
    """The exit code of the first step that fails, or 0."""
    python = sys.executable
    steps = [
        [python, "-m", "coverage", "run", "--branch", "--source=queue_service.hall", "-m", "pytest", "tests/hall"],
        [python, "-m", "coverage", "report", "--fail-under=100", "--show-missing", "--skip-covered"],
        [
            python,
            "-m",
            "pytest",
            "tests",
            "--ignore=tests/hall",
            "-n",
            WORKERS,
            "--dist=loadgroup",
            f"--durations={SLOW_TOLD}",
        ],
    ]
    for step in steps:
        print("+", " ".join(step[1:]), flush=True)
        code = subprocess.run(step, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
