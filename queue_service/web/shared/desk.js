// What a page knows and can do at one window. The core decides; here is only what is sensible to ask.
import { computed, effect, signal, untracked } from "../vendor/signals.js";
import { Refused, send, signIns, staff } from "./api.js";
import { announce, clearProblems, tell } from "./components.js";
import { happened } from "./happened.js";
import { t } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { now } from "./time.js";

// An answer may come before the view that shows its effect; for so long the keys wait for that view.
const SETTLE_MS_MAX = 1500;

// So long a recall keeps its key from a second press: the visitor is walking.
const RECALL_HELD_MS = 1000;

// Windows opened since the last sign-in. A hold belongs to a session, and the view does not tell whose session it is: after a new
// sign-in a window under the same teller's name was opened by an older one, and has to be opened again.
const opened = new Set();

// The window of the branch that was last opened in this browser; null without one.
export function lastWindow(branch) {
  return Number.parseInt(kept(lastKey(branch), ""), 10) || null;
}

function lastKey(branch) {
  return `counter.window.${branch}`;
}

// `whyNot(action, view, isFresh)` words why an action does nothing now; without it such a press says nothing.
export function makeDesk({ branch, number, live, whyNot = () => null }) {
  const path = `/api/v1/branches/${encodeURIComponent(branch)}/windows/${number}`;
  const view = live.view;

  const verbInFlight = signal(null);
  const isRecallHeld = signal(false);
  const panel = signal(null);
  const hold = `${signIns.peek()} ${path}`;
  const isLeaseLost = signal(signIns.peek() > 0 && !opened.has(hold));
  const wasMine = signal(false);
  const callsNextToo = signal(kept("counter.calls_next_too", "no") === "yes");

  const isMine = computed(() => {
    const window = view.value?.window;
    return !isLeaseLost.value && window !== undefined && window.state !== "closed" && window.teller === staff.value?.id;
  });

  function may(verb) {
    return verbInFlight.value === null && live.isFresh.value && isMine.value && view.value.can.includes(verb);
  }

  // Asks the core for one verb. Gives its answer, or null when it refused, after telling why.
  async function run(verb, body) {
    if (verbInFlight.value !== null) return null;
    verbInFlight.value = verb;
    clearProblems();
    const seq = live.seq.value;
    try {
      const answer = await send(`${path}/${verb}`, body);
      // Opening a window that is open changes nothing, and neither does a call when nobody waits: no view would come.
      const isSilent = verb === "open" || (verb === "call-next" && answer.ticket === null);
      if (!isSilent) await settled(seq);
      return answer;
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      if (refused.code === "window.lease_lost") {
        isLeaseLost.value = true;
        opened.delete(hold);
      }
      tell(refused.message, { isProblem: true });
      return null;
    } finally {
      verbInFlight.value = null;
    }
  }

  // Until a view comes that is newer than `seq`.
  function settled(seq) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SETTLE_MS_MAX);
      const stop = effect(() => {
        if (live.seq.value === seq) return;
        clearTimeout(timer);
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }

  async function act(verb, body) {
    if (!may(verb)) return null;
    panel.value = null;
    return run(verb, body);
  }

  async function callNext() {
    const answer = await act("call-next");
    if (answer && answer.ticket === null) tell(t("web.counter.nobody"));
  }

  async function recall() {
    const answer = await act("recall");
    if (answer === null) return;
    tell(t("web.counter.recalled", { label: view.value.ticket?.label ?? "" }));
    isRecallHeld.value = true;
    setTimeout(() => (isRecallHeld.value = false), RECALL_HELD_MS);
  }

  async function finish(outcome) {
    // A window that closes or pauses after this customer does not call another.
    const goesOn = callsNextToo.value && view.value.window.state === "busy";
    const answer = await act("finish", outcome && { outcome });
    if (answer && goesOn) await callNext();
  }

  async function open({ takeover = false } = {}) {
    const answer = await run("open", { takeover });
    if (answer === null) return;
    opened.add(hold);
    keep(lastKey(branch), String(number));
    isLeaseLost.value = false;
    panel.value = null;
  }

  // What each action does. An action without an entry in `verbs` asks the core for nothing by itself.
  const actions = {
    "call-next": callNext,
    "recall": recall,
    "start": () => act("start"),
    "finish": () => finish(),
    "miss": () => act("miss"),
    "transfer": () => show("transfer"),
    "park": () => act("park"),
    "pause": () => (mayGoOn() ? act("open") : show("pause")),
    "choose": () => enter("waiting"),
    "finish-as": () => show("finish-as"),
    "undo": () => act("undo"),
    "missed": () => enter("missed"),
    "parked": () => enter("parked"),
    "close": () => show("close"),
    "walk-in": () => show("walk-in"),
    "next-too": () => {
      callsNextToo.value = !callsNextToo.value;
      keep("counter.calls_next_too", callsNextToo.value ? "yes" : "no");
    },
  };
  const possible = {
    "recall": () => may("recall") && !isRecallHeld.value,
    "pause": () => may(mayGoOn() ? "open" : "pause"),
    "choose": () => may("call") && view.value.waiting.length > 0,
    "finish-as": () => may("finish"),
    "undo": () => may("undo") && Date.parse(view.value.undo_until) > now.value,
    "missed": () => may("call") && view.value.missed.length > 0,
    "parked": () => may("resume") && view.value.parked.length > 0,
    "next-too": () => true,
  };

  function mayGoOn() {
    return ["paused", "pausing", "closing"].includes(view.value.window.state);
  }

  function show(name, details = {}) {
    panel.value = { name, ...details };
  }

  function enter(list) {
    panel.value = null;
    document.querySelector(`[data-list="${list}"] button`)?.focus();
  }

  function isPossible(action) {
    return possible[action]?.() ?? may(action);
  }

  // Does what a key stands for, or says why not; a key that waits for its answer, or for the recall to be heard, says nothing.
  function press(action) {
    if (isPossible(action)) actions[action]();
    else if (verbInFlight.value === null && !(action === "recall" && may("recall"))) hint(whyNot(action, view.value, live.isFresh.value));
  }

  function hint(words) {
    if (words !== null) tell(words);
  }

  let before = null;

  // An effect: says to screen readers what became of the customers, whoever did it, but not what was so when the page opened.
  function announceChanges() {
    const shown = view.value;
    if (shown === null) return;
    const news = before && untracked(() => happened(before, shown));
    if (news) announce(news);
    before = shown;
    if (untracked(() => isMine.value)) wasMine.value = true;
  }

  return {
    branch,
    number,
    live,
    view,
    panel,
    isMine,
    wasMine,
    verbInFlight,
    callsNextToo,
    announceChanges,
    isPossible,
    may,
    act,
    open,
    finish,
    show,
    close: () => (panel.value = null),
    press,
  };
}
