"""Only a link that we made means a ticket."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.desk.tokens import TOKEN_CHARS_MAX, TicketRef, Tokens

SECRET, OTHER = bytes(range(32)), bytes(range(32, 64))
TICKET = TicketRef("zhongshan", "20260302-17")


def test_a_token_means_its_ticket_and_is_the_same_each_time() -> None:
    tokens = Tokens((SECRET,))
    assert tokens.read(tokens.token(TICKET)) == TICKET
    assert tokens.token(TICKET) == Tokens((SECRET,)).token(TICKET)
    assert TICKET.business_on == date(2026, 3, 2)


def test_different_tickets_have_different_tokens() -> None:
    tokens = Tokens((SECRET,))
    refs = [TicketRef(branch, f"2026030{day}-{seq}") for branch in ("a", "b") for day in (1, 2) for seq in (1, 11)]
    assert len({tokens.token(ref) for ref in refs}) == len(refs)


def test_a_token_of_another_secret_is_none() -> None:
    assert Tokens((SECRET,)).read(Tokens((OTHER,)).token(TICKET)) is None


def test_a_former_secret_still_reads_and_no_longer_makes() -> None:
    former = Tokens((OTHER,)).token(TICKET)
    rotated = Tokens((SECRET, OTHER))
    assert rotated.read(former) == TICKET
    assert rotated.token(TICKET) == Tokens((SECRET,)).token(TICKET) != former
    assert Tokens((SECRET,)).read(former) is None


def test_secrets_whose_tokens_begin_alike_all_read() -> None:
    """A token begins with one byte that says which secret made it: some secrets share theirs."""
    secrets = tuple(number.to_bytes(32, "big") for number in range(300))
    tokens = Tokens(secrets)
    assert [tokens.read(Tokens((secret,)).token(TICKET)) for secret in secrets] == [TICKET] * len(secrets)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_is_none(position: int, change: int) -> None:
    tokens = Tokens((SECRET,))
    token = tokens.token(TICKET)
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[position % len(raw)] ^= change
    assert tokens.read(urlsafe_b64encode(raw).rstrip(b"=").decode()) is None


@given(st.text(max_size=2 * TOKEN_CHARS_MAX))
def test_any_other_text_is_none(text: str) -> None:
    assert Tokens((SECRET,)).read(text) is None


@pytest.mark.parametrize(
    "spell",
    [
        lambda token: token + "=",
        lambda token: token + "==",
        lambda token: f" {token}",
        lambda token: f"{token}\n",
        lambda token: token[:4] + "." + token[4:],
        lambda token: token.translate(str.maketrans("-_", "+/")) + "*",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "A" * TOKEN_CHARS_MAX,
        lambda token: "",
    ],
)
def test_the_same_token_spelt_otherwise_is_none(spell: object) -> None:
    tokens = Tokens((SECRET,))
    assert callable(spell)
    assert tokens.read(spell(tokens.token(TICKET))) is None


def test_spare_bits_of_the_last_character_are_none() -> None:
    """Two texts may decode to the same bytes; only the one that we wrote is ours."""
    tokens = Tokens((SECRET,))
    ref = next(ref for length in range(4) if len(tokens.token(ref := TicketRef("b" * length, "20260302-1"))) % 4)
    token = tokens.token(ref)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    read = [tokens.read(token[:-1] + last) for last in alphabet]
    assert [found for found in read if found is not None] == [ref]


def test_a_fingerprint_tells_requests_and_secrets_apart() -> None:
    tokens = Tokens((SECRET,))
    assert tokens.fingerprint(b"POST /a") == tokens.fingerprint(b"POST /a")
    assert tokens.fingerprint(b"POST /a") != tokens.fingerprint(b"POST /b")
    assert tokens.fingerprint(b"POST /a") != Tokens((OTHER,)).fingerprint(b"POST /a")
    assert tokens.fingerprint(b"POST /a") == Tokens((OTHER, SECRET)).fingerprint(b"POST /a"), "a retry stays one"
