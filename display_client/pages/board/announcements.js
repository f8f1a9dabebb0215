// Which call a screen shows, which wait for their turn, which it has had: every call is announced once per screen, in order.
// Pure: a state goes in, a state comes out, and the time comes with it.

// A screen that has seen nothing of this day, or not for AWAY_MS_MAX, announces only calls so young; the hall has heard the rest.
export const FRESH_MS_MAX = 60_000;
export const AWAY_MS_MAX = 600_000;
export const PAST_MAX = 5;
export const WAITING_MAX = 500;
export const KNOWN_MAX = 500;

// day: the business day, whose call ids are unique; null before the first board
// shown: {call, from_ms} on a clock that never goes back, null before the first; it stays until the next one
// waiting: calls to come, in order     past: shown before, newest first, each label once     known: ids taken in, oldest first
export const EMPTY = Object.freeze({ day: null, shown: null, waiting: [], past: [], known: [] });

// Takes in the calls of a board, newest first as the core lists them. `at_ms`: the hall's time of day.
export function taken(state, day, calls, at_ms) {
  const isNew = state.day !== day;
  const before = isNew ? { ...EMPTY, day } : state;
  const unknown = calls.filter((call) => !before.known.includes(call.id)).reverse();
  if (unknown.length === 0 && !isNew) return state;
  const isOld = (call) => isNew && at_ms - Date.parse(call.at) > FRESH_MS_MAX;
  return {
    ...before,
    past: unknown.filter(isOld).reduce(passed, before.past),
    waiting: [...before.waiting, ...unknown.filter((call) => !isOld(call))].slice(-WAITING_MAX),
    known: [...before.known, ...unknown.map((call) => call.id)].slice(-KNOWN_MAX),
  };
}

// The next call takes its turn if the one shown has had its time.
export function stepped(state, now_ms, shown_ms_min) {
  if (due_ms(state, now_ms, shown_ms_min) !== 0) return state;
  const [call, ...waiting] = state.waiting;
  const before = state.shown === null ? state.past : passed(state.past, state.shown.call);
  return { ...state, shown: { call, from_ms: now_ms }, waiting, past: before.filter((past) => past.label !== call.label) };
}

// Milliseconds until the next call takes its turn; null when none waits.
export function due_ms(state, now_ms, shown_ms_min) {
  if (state.waiting.length === 0) return null;
  return state.shown === null ? 0 : Math.max(0, state.shown.from_ms + shown_ms_min - now_ms);
}

// A state as text to keep. `at_ms`: the time of day.
export function kept(state, at_ms) {
  return JSON.stringify({ ...state, at_ms });
}

// The state of a text from `kept`: what was shown is shown again, not announced again. EMPTY where the text is of no use.
export function revived(text, now_ms, at_ms) {
  const read = parsed(text);
  const isWhole = ["waiting", "past", "known"].every((name) => Array.isArray(read?.[name])) && typeof read.day === "string";
  if (!isWhole || !(at_ms - read.at_ms <= AWAY_MS_MAX)) return EMPTY;
  const { day, shown, waiting, past, known } = read;
  return { day, shown: shown && { call: shown.call, from_ms: now_ms }, waiting, past, known };
}

function passed(past, call) {
  return [call, ...past.filter((other) => other.label !== call.label)].slice(0, PAST_MAX);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut by a full disk, or nobody's
  }
}
