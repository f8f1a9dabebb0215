// Touches on their way to the core, in order. Through a gap in the network they wait here, each under the key it was made with, so
// that none is done twice; one that waited too long is given up, because the hall has moved on.
import { effect, signal, untracked } from "../vendor/signals.js";
import { intentKey, Refused, send, staff } from "../shared/api.js";
import { tell } from "../shared/components.js";
import { t } from "../shared/i18n.js";

export const TAPS_MAX = 20;
export const TAP_AGE_S_MAX = 120;

const RETRY_MS = 2000;
const STORED = "guide.taps";
const STATUS_REFUSED_MIN = 400;
// Not the core's last word: nobody is signed in, too many requests, or something between here and there is down.
const STATUS_LATER = [401, 429, 502, 503, 504];

// What waits, oldest first: {key, by, at_ms, about, text, isQuiet, method, path, body}. `about` is the id of what it does something to,
// `text` says it to people; `isQuiet`: whoever made it tells what came of it.
export const taps = signal(stored());

// The newest answer of the core to a tap: {tap, answer}.
export const answered = signal(null);

let isSending = false;

// Does something as soon as the core can be reached. The same touch again, while the first one waits, is no second one.
export function tap({ method = "POST", path, body = {}, about = null, text, isQuiet = false }) {
  if (taps.value.some((other) => other.method === method && other.path === path && isSame(other.body, body))) return;
  if (taps.value.length >= TAPS_MAX) {
    tell(t("web.guide.taps.full", { count: TAPS_MAX }), { isProblem: true });
    return;
  }
  keep([...taps.value, { key: intentKey(), by: staff.value.id, at_ms: Date.now(), about, text, isQuiet, method, path, body }]);
  sendAll();
}

export function isWaiting(about) {
  return taps.value.some((tap) => tap.about === about);
}

export function age_s({ at_ms }) {
  return Math.max(0, Math.floor((Date.now() - at_ms) / 1000));
}

// Looks after the taps until the function that it gives is called.
export function tend() {
  const timer = setInterval(sendAll, RETRY_MS);
  const stopWatching = effect(() => {
    if (staff.value) untracked(sendAll);
  });
  addEventListener("online", sendAll);
  return () => {
    clearInterval(timer);
    stopWatching();
    removeEventListener("online", sendAll);
  };
}

async function sendAll() {
  if (isSending) return;
  isSending = true;
  try {
    for (;;) {
      giveUp();
      const [next] = taps.peek();
      if (next === undefined || staff.peek()?.id !== next.by || !(await isDone(next))) return;
      keep(taps.peek().filter(({ key }) => key !== next.key));
    }
  } finally {
    isSending = false;
  }
}

// Whether the core has said its last word on a tap, which is told.
async function isDone(one) {
  const { key, method, path, body, text, isQuiet } = one;
  try {
    const answer = await send(path, body, { method, key, tries_max: 1 });
    answered.value = { tap: one, answer };
    if (!isQuiet) tell(text);
    return true;
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    if (refused.status < STATUS_REFUSED_MIN || STATUS_LATER.includes(refused.status)) return false;
    tell(t("web.guide.taps.refused", { what: text, why: refused.message }), { isProblem: true });
    return true;
  }
}

function giveUp() {
  const [old, young] = [[], []];
  const own = staff.peek()?.id;
  for (const one of taps.peek()) (age_s(one) > TAP_AGE_S_MAX || (own && one.by !== own) ? old : young).push(one);
  if (old.length === 0) return;
  keep(young);
  for (const { text } of old) tell(t("web.guide.taps.given_up", { what: text }), { isProblem: true });
}

function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

// A reload forgets nothing. Storage may be forbidden or hold something else: then they live as long as the page.
function keep(list) {
  taps.value = list;
  try {
    sessionStorage.setItem(STORED, JSON.stringify(list));
  } catch {
    // Kept in `taps` alone.
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
  } catch {
    return [];
  }
}
