"""What staff write stays apart from the journal, once, and is erased by rule."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from queue_service.desk.remarks import OTHER, Remark, Remarks, Vocabulary, coded, coded_delivered
from queue_service.desk.rounds import keep_house
from queue_service.infra.database import Database
from queue_service.journal import open_journal
from queue_service.settings import Settings
from tests.desk.house import BRANCH, MONDAY, TUESDAY, at

TICKET = "20260302-7"


@pytest.fixture
async def remarks(storage: Settings) -> AsyncIterator[Remarks]:
    database = await Database.open(storage)
    yield Remarks(database)
    await database.close()


@pytest.mark.parametrize(
    ("vocabulary", "code"),
    [
        (Vocabulary.REASON, "needs_care"),
        (Vocabulary.REASON, "other"),
        (Vocabulary.PAUSE, "lunch"),
        (Vocabulary.DIVERT, "self_service"),
        (Vocabulary.DIVERT, "online"),
        (Vocabulary.DIVERT, "greeter"),
    ],
)
def test_a_code_goes_into_the_journal_and_leaves_no_words(vocabulary: Vocabulary, code: str) -> None:
    assert coded(vocabulary, code) == (code, None)


@pytest.mark.parametrize("said", ["Mrs Wang, 138 0000 0000", "王女士", "pregnant", "zhang_wei", "lunch", "", "other\n"])
def test_anything_else_is_words_that_the_journal_never_sees(said: str) -> None:
    assert coded(Vocabulary.REASON, said) == (OTHER, said)


@pytest.mark.parametrize("vocabulary", Vocabulary)
def test_what_is_no_code_has_a_word_in_every_vocabulary(vocabulary: Vocabulary) -> None:
    assert coded(vocabulary, OTHER) == (OTHER, None)


def test_delivered_are_services_of_the_branch_and_codes() -> None:
    said = ["cash", "zhang_wei", OTHER, "his card", "cards"]
    delivered = ("cash", OTHER, OTHER, OTHER, "cards")
    assert coded_delivered(said, {"cash", "cards"}) == (delivered, "zhang_wei, his card")
    assert coded_delivered(["cash"], {"cash"}) == (("cash",), None)
    assert coded_delivered([], {"cash"}) == ((), None)


async def test_remarks_are_of_one_ticket_and_in_order(remarks: Remarks) -> None:
    later = Remark(at=at(10), actor="staff:a", text="后说的")
    earlier = Remark(at=at(9), actor="staff:b", text="said first")
    for remark in (later, earlier):
        await remarks.add(BRANCH, MONDAY, TICKET, remark)
    await remarks.add(BRANCH, TUESDAY, TICKET, Remark(at=at(33), actor="staff:a", text="another day"))
    await remarks.add("other", MONDAY, TICKET, Remark(at=at(9), actor="staff:a", text="another branch"))
    assert await remarks.of(BRANCH, MONDAY, TICKET) == [earlier, later]
    assert await remarks.of(BRANCH, MONDAY, "20260302-8") == []


async def test_a_retry_is_kept_once(remarks: Remarks) -> None:
    said = Remark(at=at(9), actor="staff:a", text="knows the way")
    await remarks.add(BRANCH, MONDAY, TICKET, said)
    await remarks.add(BRANCH, MONDAY, TICKET, Remark(at=at(9, 1), actor="staff:a", text="knows the way"))
    await remarks.add(BRANCH, MONDAY, TICKET, Remark(at=at(9, 2), actor="staff:b", text="knows the way"))
    assert [remark.actor for remark in await remarks.of(BRANCH, MONDAY, TICKET)] == ["staff:a", "staff:b"]


async def test_house_keeping_erases_what_is_older_than_its_term(remarks: Remarks, storage: Settings) -> None:
    journal = await open_journal(storage)
    for hour in (9, 10):
        await remarks.add(BRANCH, MONDAY, TICKET, Remark(at=at(hour), actor="staff:a", text=f"at {hour}"))
    now = at(9, 30) + timedelta(days=storage.remarks_keep_days)
    await keep_house(journal, remarks, lambda: now, storage)
    assert [remark.text for remark in await remarks.of(BRANCH, MONDAY, TICKET)] == ["at 10"]
    await journal.close()
