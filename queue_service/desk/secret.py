"""The service's secret: made once, readable by its owner alone."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

SECRET_BYTES = 32


def read_or_make(path: Path) -> bytes:
    """The secret in a file; made where there is none. Raises ValueError for a file that holds no secret."""
    if not path.exists():
        _make(path)
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"{path} holds no secret of {SECRET_BYTES} bytes in hexadecimal")
    return secret


def _make(path: Path) -> None:
    """Write a secret whole or not at all; of several processes that start together the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
