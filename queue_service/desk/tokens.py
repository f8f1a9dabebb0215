"""The visitor's link: a token that names a ticket and proves that it was given by us. It is stored nowhere.

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
        self._secrets = [(blake2b(secret, digest_size=1, person=b"key id").digest(), secret) for secret in secrets]

    def token(self, ref: TicketRef) -> str:
        """The token of a ticket, the same each time."""
        meant = f"{ref.branch_id}/{ref.ticket}".encode()
        key_id, secret = self._secrets[0]
        return urlsafe_b64encode(key_id + _proof(secret, meant) + meant).rstrip(b"=").decode()

    def read(self, token: str) -> TicketRef | None:
        """The ticket that a token means; None for a text that we did not make."""
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            return None
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        key_id, proof, meant = raw[:1], raw[1 : 1 + DIGEST_BYTES], raw[1 + DIGEST_BYTES :]
        proofs = (_proof(secret, meant) for known_id, secret in self._secrets if known_id == key_id)
        if not any(hmac.compare_digest(proof, right) for right in proofs):
            return None
        if urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            return None  # the same bytes, written another way
        branch_id, _, ticket = meant.decode().rpartition("/")
        return TicketRef(branch_id, ticket)

    def fingerprint(self, request: bytes) -> bytes:
        """A keyed hash of a request, to tell a retry from another request under the same key.

        It is of the oldest secret, so that a retry is known as one after the present secret was replaced.
        """
        _, oldest = self._secrets[-1]
        return blake2b(request, key=oldest[:64], digest_size=DIGEST_BYTES, person=b"request").digest()


def _proof(secret: bytes, meant: bytes) -> bytes:
    return blake2b(meant, key=secret[:64], digest_size=DIGEST_BYTES, person=b"ticket").digest()
