"""What stands on the paper, in order and in both languages."""

import pytest

from kiosk_client.printing.ticket import Label, Line, PaperTicket, Qr, Size, document
from tests.kiosk_client.printing.paper import a_paper_ticket


def lines(ticket: PaperTicket) -> list[str]:
    return [block.text for block in document(ticket) if isinstance(block, Line)]


def test_all_that_the_visitor_needs_stands_in_both_languages_the_own_one_first() -> None:
    assert lines(a_paper_ticket()) == [
        "某某银行 中山路支行",
        "Sample Bank, Zhongshan Road",
        "个人现金 · 缴费",
        "Cash & bills",
        "前面 6 人  约等 10–15 分钟",
        "6 ahead of you  about 10–15 min",
        "请在A 区等候  1–3、5 号窗口办理",
        "Please wait in Zone A  Windows 1–3, 5",
        "扫码随时看进度",
        "Scan to follow your place",
        "过号可在 3 位后重新叫号",
        "Missed your call? You are called again after 3 more.",
        "2026-11-22  10:42",
    ]
    english = lines(a_paper_ticket(language="en"))
    assert english[:4] == ["Sample Bank, Zhongshan Road", "某某银行 中山路支行", "Cash & bills", "个人现金 · 缴费"]


def test_the_second_language_is_smaller() -> None:
    sizes = {block.text: block.size for block in document(a_paper_ticket()) if isinstance(block, Line)}
    assert sizes["个人现金 · 缴费"] is Size.LARGE
    assert sizes["前面 6 人  约等 10–15 分钟"] is Size.TALL
    assert {sizes[text] for text in sizes if text.isascii()} == {Size.SMALL}


def test_label_and_code_stand_once() -> None:
    ticket = a_paper_ticket()
    assert [block for block in document(ticket) if isinstance(block, Label | Qr)] == [
        Label("A012"),
        Qr(ticket.url),
    ]


def test_a_copy_says_so_before_its_number() -> None:
    blocks = document(a_paper_ticket(is_copy=True))
    says = next(n for n, block in enumerate(blocks) if isinstance(block, Line) and block.text == "副本  COPY")
    assert says < blocks.index(Label("A012"))
    assert "COPY" not in " ".join(lines(a_paper_ticket()))


@pytest.mark.parametrize("visitor_class", ["priority", "vip"])
def test_a_class_is_told_but_never_which(visitor_class: str) -> None:
    told = lines(a_paper_ticket(visitor_class=visitor_class))
    assert "优先  Priority" in told
    assert told == lines(a_paper_ticket(visitor_class="priority"))


def test_a_declared_class_asks_for_the_greeter() -> None:
    assert "请先找大堂经理确认" in lines(a_paper_ticket(visitor_class="priority", to_confirm=True))
    assert "请先找大堂经理确认" not in lines(a_paper_ticket(visitor_class="priority"))


@pytest.mark.parametrize("visitor_class", ["normal", "transferred", "one_to_come"])
def test_who_is_served_as_everybody_reads_of_no_class(visitor_class: str) -> None:
    assert lines(a_paper_ticket(visitor_class=visitor_class)) == lines(a_paper_ticket())


def test_several_services_are_numbered_in_their_order() -> None:
    services = ({"zh-CN": "现金", "en": "Cash"}, {"zh-CN": "开户", "en": "Accounts"})
    assert lines(a_paper_ticket(services=services))[2:6] == ["1. 现金", "Cash", "2. 开户", "Accounts"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"ahead": 0, "wait_low_s": 0, "wait_high_s": 0}, "您排在最前  无需等候"),
        ({"ahead": 1, "wait_low_s": 60, "wait_high_s": 60}, "前面 1 人  约等 1 分钟"),
        ({"ahead": 1, "wait_low_s": 61, "wait_high_s": 61}, "前面 1 人  约等 2 分钟"),
        ({"ahead": 4, "wait_low_s": None, "wait_high_s": None}, "前面 4 人"),
        ({"ahead": None, "wait_low_s": 60, "wait_high_s": 120}, "约等 1–2 分钟"),
    ],
)
def test_the_wait_is_a_range_rounded_up(facts: dict[str, int | None], said: str) -> None:
    assert said in lines(a_paper_ticket(**facts))


def test_what_is_not_known_is_left_out() -> None:
    told = lines(
        a_paper_ticket(ahead=None, wait_low_s=None, wait_high_s=None, windows=(), zone=None, services=({"en": "Cash"},))
    )
    assert told[2:4] == ["Cash", "扫码随时看进度"]


@pytest.mark.parametrize(
    ("windows", "said"),
    [((7,), "7 号窗口办理"), ((2, 1), "1、2 号窗口办理"), ((9, 3, 2, 1, 5, 6, 9), "1–3、5、6、9 号窗口办理")],
)
def test_windows_are_told_in_order(windows: tuple[int, ...], said: str) -> None:
    assert said in lines(a_paper_ticket(windows=windows, zone=None))


@pytest.mark.parametrize(("rule", "said"), [("keep", "仍按原来的次序"), ("after", "3 位后"), ("last", "排到队尾")])
def test_the_rule_for_a_missed_call_is_told(rule: str, said: str) -> None:
    assert said in " ".join(lines(a_paper_ticket(missed_rule=rule)))


def test_a_language_without_a_catalogue_is_served_in_a_common_one() -> None:
    assert "6 ahead of you  about 10–15 min" in lines(a_paper_ticket(language="fr"))[4]


@pytest.mark.parametrize(
    "facts", [{"label": "A\x1b@"}, {"label": ""}, {"url": "https://x/\n"}, {"missed_rule": "never"}]
)
def test_nonsense_is_a_programmers_error(facts: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        a_paper_ticket(**facts)
