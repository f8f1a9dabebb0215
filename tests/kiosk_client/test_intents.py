"""Intents in the kiosk's own file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk_client.intents import Intents, IntentState

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def intent(intents: Intents, key: str, *states: IntentState) -> None:
    assert intents.ask(key, NOW)
    for state in states:
        intents.move(key, state, NOW)


def test_an_equal_key_is_the_same_intent(tmp_path: Path) -> None:
    intents = Intents(tmp_path / "intents.sqlite")
    assert intents.ask("a", NOW)
    assert not intents.ask("a", NOW)
    assert intents.state("a") is IntentState.ASKED
    assert intents.state("b") is None


def test_at_a_start_only_those_are_abandoned_whose_number_nobody_can_know(tmp_path: Path) -> None:
    intents = Intents(tmp_path / "intents.sqlite")
    issued = IntentState.ISSUED
    intent(intents, "asked")
    intent(intents, "issued", issued)
    intent(intents, "shown", issued, IntentState.SHOWN)
    intent(intents, "printed", issued, IntentState.PRINTED)
    intent(intents, "confirmed", issued, IntentState.CONFIRMED)
    intent(intents, "refused", IntentState.REFUSED)
    intents.close()
    intents = Intents(tmp_path / "intents.sqlite")
    intents.abandon_unattended(NOW)
    assert intents.abandoned() == ["asked", "issued"]
    intents.move("asked", IntentState.VOID, NOW)
    assert intents.abandoned() == ["issued"]


def test_a_printed_intent_is_never_abandoned(tmp_path: Path) -> None:
    intents = Intents(tmp_path / "intents.sqlite")
    intent(intents, "a", IntentState.ISSUED, IntentState.CONFIRMED)
    with pytest.raises(AssertionError):
        intents.move("a", IntentState.ABANDONED, NOW)


def test_what_ended_long_ago_is_forgotten_and_what_is_not_told_yet_is_not(tmp_path: Path) -> None:
    intents = Intents(tmp_path / "intents.sqlite")
    intent(intents, "void", IntentState.ABANDONED, IntentState.VOID)
    intent(intents, "abandoned", IntentState.ABANDONED)
    intents.forget(NOW + timedelta(days=6), 7)
    assert intents.state("void") is IntentState.VOID
    intents.forget(NOW + timedelta(days=8), 7)
    assert intents.state("void") is None
    intent(intents, "shown", IntentState.ISSUED, IntentState.SHOWN)
    intents.forget(NOW + timedelta(days=8), 7, but="shown")
    assert intents.state("shown") is IntentState.SHOWN
    assert intents.state("abandoned") is IntentState.ABANDONED
