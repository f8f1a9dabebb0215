"""What visitors asked for at this kiosk, kept through power cuts: one wish, one intent, one key.

    asked ──▶ issued ──▶ printed, confirmed        the visitor holds the paper
      │         │└─────▶ shown                     no paper, but the number stood on the screen to be photographed
      │         ▼
      └────▶ abandoned ──▶ void                    nobody waits for it: the core is told until it has answered
      └────▶ refused                               the core gave no number

An intent is written before it is sent. After a power cut nobody stands there any more who could have learnt the number
of one that was asked or issued, so those are abandoned.
"""

import sqlite3
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600


class IntentState(StrEnum):
    """How far an intent is."""

    ASKED = "asked"
    ISSUED = "issued"
    SHOWN = "shown"
    PRINTED = "printed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    VOID = "void"


_NEXT: Final = {
    IntentState.ASKED: (IntentState.ISSUED, IntentState.REFUSED, IntentState.ABANDONED),
    IntentState.ISSUED: (IntentState.SHOWN, IntentState.PRINTED, IntentState.CONFIRMED, IntentState.ABANDONED),
    IntentState.SHOWN: (IntentState.PRINTED, IntentState.CONFIRMED, IntentState.ABANDONED),
    IntentState.ABANDONED: (IntentState.VOID,),
}


class Intents:
    """The kiosk's own file. Each change is on the disk when the method returns: a few milliseconds, for one screen."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(FILE_MODE)
        self._rows = sqlite3.connect(path, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.execute(
            "CREATE TABLE IF NOT EXISTS intents ("
            " key TEXT PRIMARY KEY, state TEXT NOT NULL, label TEXT, asked_at TEXT NOT NULL, changed_at TEXT NOT NULL)"
        )
        self._rows.execute("CREATE INDEX IF NOT EXISTS intents_state ON intents (state, asked_at)")

    def ask(self, key: str, now: datetime) -> bool:
        """Keep a new intent; False when this key was there before: it is the same wish."""
        kept = self._rows.execute(
            "INSERT INTO intents (key, state, asked_at, changed_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (key, IntentState.ASKED, now.isoformat(), now.isoformat()),
        )
        return kept.rowcount == 1

    def move(self, key: str, state: IntentState, now: datetime, *, label: str | None = None) -> None:
        """Take an intent to its next state; `label` of the ticket once there is one."""
        before = self.state(key)
        assert before is not None and state in _NEXT.get(before, ()), f"{before} to {state}"
        self._rows.execute(
            "UPDATE intents SET state = ?, changed_at = ?, label = coalesce(?, label) WHERE key = ?",
            (state, now.isoformat(), label, key),
        )

    def state(self, key: str) -> IntentState | None:
        """How far an intent is; None: never heard of."""
        row = self._rows.execute("SELECT state FROM intents WHERE key = ?", (key,)).fetchone()
        return None if row is None else IntentState(row[0])

    def abandon_unattended(self, now: datetime) -> None:
        """At a start: whoever asked before it has learnt no number."""
        self._rows.execute(
            "UPDATE intents SET state = ?, changed_at = ? WHERE state IN (?, ?)",
            (IntentState.ABANDONED, now.isoformat(), IntentState.ASKED, IntentState.ISSUED),
        )

    def abandoned(self) -> list[str]:
        """Keys that the core has to be told of, oldest first."""
        rows = self._rows.execute(
            "SELECT key FROM intents WHERE state = ? ORDER BY asked_at, key", (IntentState.ABANDONED,)
        )
        return [key for (key,) in rows]

    def forget(self, now: datetime, keep_days: int, *, but: str | None = None) -> None:
        """Delete what ended long ago, `but` the one on the screen: a clock that is set right must not make it old."""
        before = (now - timedelta(days=keep_days)).isoformat()
        self._rows.execute(
            "DELETE FROM intents WHERE changed_at < ? AND state NOT IN (?, ?, ?) AND key IS NOT ?",
            (before, IntentState.ASKED, IntentState.ISSUED, IntentState.ABANDONED, but),
        )

    def close(self) -> None:
        """Let the file go."""
        self._rows.close()
