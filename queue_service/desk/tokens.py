"""The visitor's link: a token that names a ticket and proves that it was given by us. Nothing is stored for it.

base64url(key id ‖ 128-bit keyed hash ‖ branch and ticket, whose id begins with its day). The hash is BLAKE2b with the
service's secret as key (RFC 7693), so that a retry gets the same token and nobody else can make one.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

DIGEST_BYTES = 16
TOKEN_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class TicketRef:
    """Which ticket a token means."""

    branch_id: str
    ticket: str

    @property
    def business_on(self) -> date:
        """The business day on which it was issued."""
        return date(int(self.ticket[:4]), int(self.ticket[4:6]), int(self.ticket[6:8]))


class Tokens:
    """Makes and reads tokens; a former secret may still read while links made with it are out."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        """`secrets`: the present one first, at least 32 bytes each."""
        assert secrets and all(len(secret) >= 32 for secret in secrets), "a secret of 32 bytes"
        self._keys = {blake2b(secret, digest_size=1, person=b"key id").digest(): secret for secret in reversed(secrets)}
        self._present = blake2b(secrets[0], digest_size=1, person=b"key id").digest()

    def token(self, ref: TicketRef) -> str:
        """The token of a ticket, the same each time."""
        meant = f"{ref.branch_id}/{ref.ticket}".encode()
        proof = self._proof(self._present, meant)
        return urlsafe_b64encode(self._present + proof + meant).rstrip(b"=").decode()

    def read(self, token: str) -> TicketRef | None:
        """The ticket that a token means; None for a text that we did not make."""
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        key_id, proof, meant = raw[:1], raw[1 : 1 + DIGEST_BYTES], raw[1 + DIGEST_BYTES :]
        if key_id not in self._keys or not hmac.compare_digest(proof, self._proof(key_id, meant)):
            return None
        if urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None  # the same bytes, written another way
        branch_id, _, ticket = meant.decode().rpartition("/")
        return TicketRef(branch_id, ticket)

    def fingerprint(self, request: bytes) -> bytes:
        """A keyed hash of a request, to tell a retry from another request under the same key."""
        return blake2b(
            request, key=self._keys[self._present][:64], digest_size=DIGEST_BYTES, person=b"request"
        ).digest()

    def _proof(self, key_id: bytes, meant: bytes) -> bytes:
        return blake2b(meant, key=self._keys[key_id][:64], digest_size=DIGEST_BYTES, person=b"ticket").digest()
