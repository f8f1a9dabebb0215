"""The service's secret: made once, readable by its owner alone."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


def read_or_make(path: Path) -> bytes:
    """The secret in a file; made where there is none. Raises ValueError for a file that holds no secret."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"{path} holds no secret of {SECRET_BYTES} bytes") from None
        return secret
    secret = secrets.token_bytes(SECRET_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret.hex())
        file.flush()
        os.fsync(file.fileno())
    return secret
