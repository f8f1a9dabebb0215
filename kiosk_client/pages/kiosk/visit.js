// One visitor at this screen, as the page knows it: what was touched, and what the process was asked.
import { batch, computed, signal } from "../vendor/signals.js";
import { chooseLanguage, language } from "../shared/i18n.js";
import { languages } from "./words.js";

const TRIES_MAX = 3;
const TRY_MS_MAX = 8000;
const PAUSE_MS = 300;
const TOLD_MS_MAX = 5000;
const BUSY = 409;

// What the process last told, null before.
export const state = signal(null);

// Services that were touched, in order.
export const legs = signal([]);
// Several services in one visit.
export const isSeveral = signal(false);
// "choose" or "class".
export const step = signal("choose");
export const isLarge = signal(false);
export const isLow = signal(false);
// null, "asking", "coming" or "failed".
export const help = signal(null);
// The last touch or key, by the page's steady clock.
export const touched_ms = signal(performance.now());

// The visit of a wish that was sent and does not stand in the state yet, or never will.
const sent = signal(null);
// The visit that has ended for this page and may stand in the state for a moment more.
const left = signal(null);
// One id a visit: however often a visitor touches, it is the same wish.
let id = newId();
let begun_ms = -Infinity;

// The visit as the screen shows it; null while nobody has taken a number.
export const visit = computed(() => {
  const told = state.value?.visit ?? null;
  if (told !== null && told.id !== left.value) return told;
  return sent.value;
});

// Nothing to start over from.
export const isAtRest = computed(
  () =>
    visit.value === null &&
    legs.value.length === 0 &&
    step.value === "choose" &&
    !isSeveral.value &&
    !isLarge.value &&
    !isLow.value &&
    language.value === (restLanguage() ?? language.value),
);

// How long the screen waits, in milliseconds: longer for who reads large type.
export function patience_ms(name) {
  const settings = state.value.settings;
  return settings[name] * 1000 * (isLarge.value ? settings.large_time_factor : 1);
}

// Touches before this moment, by the page's steady clock, belong to the last wish.
export function settles_ms() {
  return begun_ms + (state.value?.settings.settle_s ?? 0) * 1000;
}

export function isSettling() {
  return performance.now() < settles_ms();
}

export async function take({ services, visitorClass = "normal" }) {
  if (visit.value !== null || isSettling()) return;
  begun_ms = performance.now();
  const own = id;
  sent.value = { id: own, state: "asked", ticket: null };
  const answer = await post("/intents", { id: own, legs: services, class: visitorClass, language: language.value });
  // Taken up, it comes with the state, unless the process has forgotten it meanwhile; then the visitor is where they were.
  if (answer?.ok) return setTimeout(() => sent.value?.id === own && forget(), TOLD_MS_MAX);
  if (sent.value?.id !== own) return; // the visitor has left it
  if (answer?.status === BUSY) return forget(); // another one is on the screen
  post(`/intents/${own}/leave`, { gives_up: true }); // should it have been heard of, or be so yet
  sent.value = { id: own, state: "unanswered", ticket: null };
}

function forget() {
  batch(() => {
    sent.value = null;
    legs.value = [];
    step.value = "choose";
  });
  id = newId();
}

export function leave({ givesUp = false } = {}) {
  const own = visit.value?.id;
  if (own) tellLeft(own, givesUp);
  batch(() => {
    left.value = own ?? left.value;
    sent.value = null;
    legs.value = [];
    isSeveral.value = false;
    step.value = "choose";
    help.value = null;
  });
  id = newId();
}

// The number may have come in the moment in which it was given up: then it is shown.
async function tellLeft(own, givesUp) {
  const answer = await post(`/intents/${own}/leave`, { gives_up: givesUp });
  if (answer?.status === BUSY && left.value === own) left.value = null;
}

// The next visitor finds the screen as it rests.
export function startOver() {
  leave();
  isLarge.value = false;
  isLow.value = false;
  if (restLanguage() !== null && restLanguage() !== language.value) chooseLanguage(restLanguage());
}

export function printAgain() {
  post(`/intents/${visit.value.id}/print-again`, {});
}

export async function askHelp() {
  if (help.value === "asking") return;
  help.value = "asking";
  const answer = await post("/help", {});
  help.value = answer?.ok ? "coming" : "failed";
}

// A wish that has come into the state stands there alone from now on, whoever ends it: the next one is another.
export function settled() {
  const told = state.value?.visit ?? null;
  if (told === null || (sent.value !== null && told.id !== sent.value.id)) return;
  batch(() => {
    sent.value = null;
    legs.value = [];
    isSeveral.value = false;
    step.value = "choose";
  });
  if (told.id === id) id = newId();
}

function restLanguage() {
  return new URLSearchParams(location.search).get("lang") ?? languages.value[0] ?? null;
}

// To the kiosk's own process; null when it did not answer.
async function post(path, body) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TRY_MS_MAX),
      });
    } catch (failure) {
      if (!(failure instanceof TypeError || failure instanceof DOMException)) throw failure;
      if (tries >= TRIES_MAX) return null;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
