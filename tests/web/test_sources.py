"""The pages' sources: words exist, vendored modules are the ones named, nothing turns text into markup."""

import re
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from queue_service import web
from queue_service.hall.routing import Reason
from queue_service.hall.terms import CLASSES_DECLARED, CLASSES_EARNED, VisitorClass
from queue_service.hall.tickets import AlertKind, Channel, Fault, Outcome, Place, TicketStatus
from queue_service.web.routes import PAGES
from queue_service.wire import locales
from queue_service.wire.messages import WindowState
from queue_service.wire.pages import SHARED

HERE = Path(web.__file__).parent
PLACES = (HERE, *(HERE.parent.parent / client / "pages" for client in ("kiosk_client", "display_client")))
OWN = [path for place in PLACES for path in sorted(place.rglob("*.js")) if path.parent.name != "vendor"]
WORDS = locales.catalogue(locales.LANGUAGE_FIRST)

CODES = {
    "status": list(TicketStatus),
    "class": list(VisitorClass),
    "channel": list(Channel),
    "place": list(Place),
    "outcome": list(Outcome),
    "reason": list(Reason),
    "alert": list(AlertKind),
    "fault": list(Fault),
    "web.window": list(get_args(WindowState)),
    "web.ticket.state": [status for status in TicketStatus if status is not TicketStatus.CALLED],
    "web.ticket.others": list(VisitorClass),
    "web.home.page": [page.id for page in PAGES if page.is_listed] + ["kiosk", "display"],
}


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in OWN)


def test_every_key_that_a_page_names_is_worded() -> None:
    named = set(re.findall(r'\bt\(\s*"([^"]+)"', sources()))
    assert named
    assert named - WORDS.keys() == set()


@pytest.mark.parametrize("prefix", CODES)
def test_every_code_that_a_page_may_show_is_worded(prefix: str) -> None:
    assert [code for code in CODES[prefix] if f"{prefix}.{code}" not in WORDS] == []


def test_every_code_that_the_console_sends_is_worded() -> None:
    panels = (HERE / "counter" / "panels.js").read_text(encoding="utf-8")
    lists = dict(re.findall(r"const (PAUSES|OUTCOMES|PLACES|REASONS_\w+) = \[([^\]]+)\]", panels))
    assert len(lists) == 6
    for name, codes in lists.items():
        prefix = {"PAUSES": "pause", "OUTCOMES": "outcome", "PLACES": "place"}.get(name, "reason")
        for code in re.findall(r'"(\w+)"', codes):
            assert f"{prefix}.{code}" in WORDS


def test_every_action_of_the_console_is_worded() -> None:
    keys = (HERE / "counter" / "keys.js").read_text(encoding="utf-8")
    actions = re.findall(r'action: "([^"]+)"', keys)
    assert len(actions) == 16
    assert [action for action in actions if f"web.counter.verb.{action}" not in WORDS] == []


def test_kiosk_and_guide_offer_the_classes_that_there_are() -> None:
    kiosk, guide = (
        (PLACES[1] / "kiosk" / "choose.js").read_text("utf-8"),
        (HERE / "guide" / "person.js").read_text("utf-8"),
    )
    (declared,) = re.findall(r"const CLASSES = \{(.*?)\n\};", kiosk, re.DOTALL)
    assert re.findall(r"^  (\w+):", declared, re.MULTILINE) == list(CLASSES_DECLARED)
    (given,) = re.findall(r"const CLASSES = \[(.*?)\]", guide)
    assert re.findall(r'"(\w+)"', given) == [one for one in VisitorClass if one not in CLASSES_EARNED]


def test_no_word_of_the_pages_is_left_over() -> None:
    text = sources() + (HERE.parent / "wire" / "pages.py").read_text(encoding="utf-8")
    built = (
        "web.counter.verb.",
        "web.counter.list.",
        "web.window.",
        "web.theme.",
        "web.home.page.",
        "web.guide.tab.",
        "web.guide.closed.",
        "web.guide.list.",
        "web.guide.reinstate.",
        "web.manager.room.",
        "web.manager.figure.",
        "web.ticket.state.",
        "web.ticket.next.",
        "web.ticket.missed.",
        "web.ticket.others.",
    )
    own = [key for key in WORDS if key.startswith("web.") and not key.startswith(built)]
    assert [key for key in own if f'"{key}"' not in text] == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_page_turns_text_into_markup_or_code(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function|dangerouslySet|style="
    assert re.findall(forbidden, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_page_holds_human_words_of_its_own(path: Path) -> None:
    code = re.sub(r"(^|\s)//.*", "", path.read_text(encoding="utf-8"))
    assert re.findall(r"[\u4e00-\u9fff]+", code) == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_page_loads_from_no_other_page(path: Path) -> None:
    folders = set(re.findall(r'\bfrom "\.\./([^/"]+)/', path.read_text(encoding="utf-8")))
    assert folders <= set(SHARED)


def test_vendored_modules_are_the_ones_named() -> None:
    folder = HERE / "vendor"
    listed = dict(re.findall(r"^\| (\S+\.js) \|.*`([0-9a-f]{64})`", (folder / "VENDORED.md").read_text(), re.MULTILINE))
    assert listed == {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.js")}
    for path in folder.glob("*.js"):
        assert re.findall(r'\bfrom\s*"(?!\./)', path.read_text(encoding="utf-8")) == []


def test_every_vendored_icon_is_used() -> None:
    icons = re.findall(r'^  "([a-z0-9-]+)":', (HERE / "vendor" / "icons.js").read_text(encoding="utf-8"), re.MULTILINE)
    assert [icon for icon in icons if f'"{icon}"' not in sources()] == []
