"""Texts for a printer: nothing that it could obey, broken where a reader would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_client.printing.wording import broken, encoded, printable, sayable

CONTROLS = {*range(0x20), 0x7F}


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60), st.booleans())
def test_no_byte_of_any_text_is_a_control(text: str, is_chinese: bool) -> None:
    assert CONTROLS.isdisjoint(encoded(sayable(text, is_chinese=is_chinese)))


def test_what_a_printer_has_not_got_is_shown_by_its_own_sign_or_a_plain_letter() -> None:
    assert sayable("图\U0001f600书", is_chinese=True) == "图〓书"
    assert sayable("Çağ", is_chinese=False) == "Cag"
    assert sayable("10–15 · “now”", is_chinese=False) == '10-15 - "now"'
    assert sayable("10–15分 · 现金", is_chinese=True) == "10-15分·现金"


def test_invisible_marks_and_line_ends_are_gone() -> None:
    assert printable("a\u202eb\u200bc\x1b\nd\x00") == "abc d"


@settings(deadline=None)
@given(st.text("ab 中，。", max_size=40), st.integers(1, 12))
def test_no_line_is_wider_than_the_paper_and_nothing_is_lost(text: str, columns: int) -> None:
    lines = broken(text, columns, len)
    assert all(len(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_breaks_come_between_phrases_then_words_and_leave_no_short_rest() -> None:
    assert broken("6 ahead of you  about 10-15 min", 20, len) == ["6 ahead of you", "about 10-15 min"]
    assert broken("Missed your call? You are called again", 30, len) == ["Missed your call? You", "are called again"]
    assert broken("过号可在三位后重新叫号。", 11, len) == ["过号可在三位", "后重新叫号。"]


def test_no_line_starts_with_a_sign_that_ends_a_phrase() -> None:
    lines = broken("一二三四，五六七八，九十。" * 3, 5, len)
    assert all(line[0] not in "，。" for line in lines)
