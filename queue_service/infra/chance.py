"""The one place where chance enters."""

import secrets


def secure_token(size_bytes: int = 32) -> str:
    """An unguessable base64url text of `size_bytes` random bytes."""
    return secrets.token_urlsafe(size_bytes)
