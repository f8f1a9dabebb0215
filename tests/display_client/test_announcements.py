"""The announcement queue alone, as the browser runs it: every call once, in order, each with its time."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browsing import OpenPage
from tests.display_client.running import Display, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

KNOWN = """
const preloads = [...document.querySelectorAll("link[rel=modulepreload]")].map((link) => link.href);
const queue = await import(preloads.find((href) => href.endsWith("/announcements.js")));
const ms = (s) => 1e12 + s * 1000;
const at = (s) => new Date(ms(s)).toISOString();
const call = (id, label = `A${id}`) => ({ id: `${id}`, label, window: 1, at: at(id), times: 1 });
"""

Run = Callable[[str], Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="session")
async def run(open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs a piece of script that knows the module as `queue`, and `call(id)` made at that many seconds."""
    alone = Display("http://127.0.0.1:9", "none", tmp_path_factory.mktemp("alone"))  # no core: the module needs none
    with running(alone):
        page: Page = await open_page()
        await page.goto(alone.base_url)

        async def run_one(script: str) -> Any:
            return await page.evaluate(f"async () => {{ {KNOWN} {script} }}")

        yield run_one


async def test_calls_come_one_after_another_each_for_its_time(run: Run) -> None:
    told = await run("""
      let state = queue.taken({ ...queue.EMPTY, day: "d" }, "d", [call(3), call(2), call(1)], ms(3));
      const seen = [];
      for (let now_ms = 0; now_ms < 40000; now_ms += 500) {
        const next = queue.stepped(state, now_ms, 10000);
        if (next.shown !== state.shown) seen.push([next.shown.call.id, now_ms]);
        state = next;
      }
      return { seen, past: state.past.map((each) => each.id), due: queue.due_ms(state, 0, 10000) };
    """)
    assert told == {"seen": [["1", 0], ["2", 10000], ["3", 20000]], "past": ["2", "1"], "due": None}


async def test_a_call_that_comes_to_a_calm_screen_is_shown_at_once(run: Run) -> None:
    told = await run("""
      let state = queue.taken({ ...queue.EMPTY, day: "d" }, "d", [call(1)], ms(1));
      state = queue.stepped(state, 0, 10000);
      const early = queue.taken(state, "d", [call(2), call(1)], ms(4));
      const late = queue.stepped(early, 10000, 10000);
      return [queue.due_ms(early, 4000, 10000), queue.due_ms(early, 30000, 10000), late.shown.call.id];
    """)
    assert told == [6000, 0, "2"]


async def test_a_recall_is_announced_again_and_stands_once_among_the_past(run: Run) -> None:
    told = await run("""
      const again = { ...call(3, "A1"), times: 2 };
      let state = queue.taken({ ...queue.EMPTY, day: "d" }, "d", [again, call(2), call(1)], ms(3));
      const seen = [];
      for (const now_ms of [0, 10000, 20000]) {
        state = queue.stepped(state, now_ms, 10000);
        seen.push(state.shown.call.label);
      }
      return [seen, state.past.map((each) => each.label)];
    """)
    assert told == [["A1", "A2", "A1"], ["A2"]]


async def test_a_new_screen_and_one_long_away_leave_old_calls_unannounced(run: Run) -> None:
    told = await run("""
      const calls = [call(100), call(50), call(10), call(5)];
      const fresh = queue.taken(queue.EMPTY, "d", calls, ms(105));
      const away = queue.revived(queue.kept(fresh, ms(105)), 0, ms(106) + queue.AWAY_MS_MAX);
      const broken = queue.revived('{"day": "d", "waiting": 3', 0, ms(106));
      const ids = (each) => each.map(({ id }) => id);
      return [ids(fresh.waiting), ids(fresh.past), away.day, broken.day];
    """)
    assert told == [["50", "100"], ["10", "5"], None, None]


async def test_ids_begin_again_with_the_day(run: Run) -> None:
    told = await run("""
      let state = queue.taken(queue.EMPTY, "d", [call(1)], ms(1));
      state = queue.stepped(state, 0, 10000);
      state = queue.taken(state, "e", [], ms(80000));
      const calm = [state.shown, state.past.length];
      state = queue.taken(state, "e", [{ ...call(1), at: at(80001) }], ms(80001));
      return [...calm, state.waiting.length];
    """)
    assert told == [None, 0, 1]


async def test_whatever_comes_every_call_is_announced_once_in_order(run: Run) -> None:
    """Bursts, recalls, late steps, views that repeat, and reloads at any moment; 200 days."""
    faults = await run("""
      const faults = [];
      for (let seed = 1; seed <= 200; seed += 1) {
        let dice = seed;
        const throwDice = (sides) => (dice = (dice * 48271) % 2147483647) % sides;
        let state = queue.taken(queue.EMPTY, "d", [], ms(0));
        let made = [], announced = [], now_ms = 0, last_ms = -Infinity;
        const step = () => {
          const next = queue.stepped(state, now_ms, 10000);
          if (next.shown !== state.shown) {
            if (now_ms - last_ms < 10000) faults.push(`${seed}: too soon`);
            announced.push(next.shown.call.id);
            last_ms = now_ms;
          }
          state = next;
        };
        for (let turn = 0; turn < 120; turn += 1) {
          now_ms += throwDice(9000);
          for (let n = throwDice(4); n > 2; n -= 1) made = [...made, call(made.length + 1, `A${throwDice(9)}`)];
          state = queue.taken(state, "d", made.slice(-12).reverse(), ms(0) + now_ms);
          const kept = queue.kept(state, ms(0) + now_ms);
          if (throwDice(10) === 0) state = queue.revived(kept, now_ms, ms(0) + now_ms + throwDice(60000));
          step();
        }
        for (let n = 0; n < 400; n += 1, now_ms += 5000) step();
        if (announced.join() !== made.map(({ id }) => id).join()) faults.push(`${seed}: ${announced}`);
      }
      return faults;
    """)
    assert faults == []
