"""What staff write about a ticket may be about a person: it is kept apart from the journal, and erased by rule."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Date, Index, Table, Text, delete, insert, select

from queue_service.infra.database import Database, Moment, metadata
from queue_service.wire import locales

REMARKS = Table(
    "remarks",
    metadata,
    Column("branch_id", Text, primary_key=True),
    Column("business_on", Date, primary_key=True),
    Column("ticket", Text, primary_key=True),
    Column("at", Moment(), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("text", Text, nullable=False),
)
Index("ix_remarks_at", REMARKS.c.at)

OTHER = "other"


class Vocabulary(StrEnum):
    """What a code can say; all codes of one are the keys `<vocabulary>.<code>` of the text catalogues."""

    REASON = "reason"
    PAUSE = "pause"
    DIVERT = "divert"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What somebody wrote and when."""

    at: datetime
    actor: str
    text: str


def coded(vocabulary: Vocabulary, said: str) -> tuple[str, str | None]:
    """What was said as a code for the journal, and the words to keep apart: `other` for whatever is no code.

    Only a closed vocabulary keeps people out of the journal: `pregnant` and `zhang_wei` look like codes too.
    """
    return (said, None) if _is_code(vocabulary, said) else (OTHER, said)


def coded_delivered(said: Sequence[str], services: Collection[str]) -> tuple[tuple[str, ...], str | None]:
    """What was delivered, as services of the branch and codes, and the words to keep apart; see `coded`."""
    items = tuple(item if item in services or _is_code(Vocabulary.DELIVERED, item) else OTHER for item in said)
    words = [item for item, kept in zip(said, items, strict=True) if item != kept]
    return items, ", ".join(words) or None


def _is_code(vocabulary: Vocabulary, said: str) -> bool:
    return f"{vocabulary}.{said}" in locales.catalogue(locales.LANGUAGE_FIRST)


class Remarks:
    """The table of remarks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, branch_id: str, business_on: date, ticket: str, remark: Remark) -> None:
        """Keep a remark on a ticket; what the same person has said of it already, as in a retry, is kept once."""
        said = select(REMARKS.c.at).where(
            REMARKS.c.branch_id == branch_id,
            REMARKS.c.business_on == business_on,
            REMARKS.c.ticket == ticket,
            REMARKS.c.actor == remark.actor,
            REMARKS.c.text == remark.text,
        )
        async with self._database.write() as connection:
            if (await connection.execute(said)).first() is not None:
                return
            await connection.execute(
                insert(REMARKS).values(
                    branch_id=branch_id,
                    business_on=business_on,
                    ticket=ticket,
                    at=remark.at,
                    actor=remark.actor,
                    text=remark.text,
                )
            )

    async def of(self, branch_id: str, business_on: date, ticket: str) -> list[Remark]:
        """The remarks on a ticket, oldest first."""
        query = (
            select(REMARKS.c.at, REMARKS.c.actor, REMARKS.c.text)
            .where(REMARKS.c.branch_id == branch_id, REMARKS.c.business_on == business_on, REMARKS.c.ticket == ticket)
            .order_by(REMARKS.c.at)
        )
        async with self._database.read() as connection:
            return [Remark(at=at, actor=actor, text=text) for at, actor, text in await connection.execute(query)]

    async def erase(self, before: datetime) -> int:
        """Erase the remarks made before a moment; returns how many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(REMARKS).where(REMARKS.c.at < before))).rowcount
