// The bell: each call and each recall sounds and shakes once, also across a reload or a new connection.
// A browser allows neither before somebody has touched the page.
import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";
import { Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { keep, kept } from "../shared/kept.js";

const WISHED = "ticket.sound";
const TOLD = "ticket.told";

// Two tones, three times; from the start of the sound, in seconds.
const TONES_HZ = [880, 660];
const TONE_S = 0.35;
const ROUNDS = 3;
const ROUND_S = 1.1;
const VOLUME = 0.5;
const FADE_S = 0.03;

const SHAKE_MS = [400, 200, 400, 200, 400];

const TOUCHES = ["click", "keydown"];

const isWished = signal(kept(WISHED, "no") === "yes");
const isAudible = signal(false);
let context = null;

// A sound that could not be given yet comes with the first touch, if the call still stands.
let isOwed = false;

// What makes a call a new one to tell; null without one.
export function callOf({ id, status, window, called_at, calls }) {
  return status === "called" ? `${id} ${window} ${called_at} ${calls}` : null;
}

// Sounds and shakes, where this phone allows it. Whether the call was a new one.
export function tellCall(call) {
  if (kept(TOLD, null) === call) return false;
  keep(TOLD, call);
  ring();
  return true;
}

// Shakes and, if the visitor wishes it, sounds, as far as the browser allows it.
function ring() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(SHAKE_MS);
  isOwed = isWished.peek() && !isAudible.peek();
  if (isWished.peek() && isAudible.peek()) sound();
}

// The call is over.
export function hush() {
  isOwed = false;
}

export function BellSwitch() {
  if (!globalThis.AudioContext) return null;
  const isOn = isWished.value;
  const hint = isOn ? (isAudible.value ? "web.ticket.sound.on" : "web.ticket.sound.touch") : "web.ticket.sound.off";
  return html`<section class="sound stack">
    <button type="button" class=${isOn ? "button" : "button main"} aria-pressed=${isOn} onClick=${toggle}>
      <${Icon} name=${isOn ? "volume-2" : "volume-x"} />${t("web.ticket.sound")}
    </button>
    <p class="soft" role="status">${t(hint)}</p>
  </section>`;
}

async function toggle() {
  isWished.value = !isWished.value;
  keep(WISHED, isWished.value ? "yes" : "no");
  if (!isWished.value) return;
  await unlock();
  if (isAudible.value) sound(); // so that it is known how it will sound
}

async function unlock() {
  if (context === null) {
    context = new AudioContext();
    context.onstatechange = () => (isAudible.value = context.state === "running");
  }
  try {
    await context.resume();
  } catch (refused) {
    if (!(refused instanceof DOMException)) throw refused; // silent until the next touch
  }
  isAudible.value = context.state === "running";
}

// A wish from before takes effect with the first touch, whatever is touched.
async function onTouch() {
  if (!isWished.peek() || isAudible.peek() || !globalThis.AudioContext) return;
  await unlock();
  if (isOwed && isAudible.peek()) sound();
}

for (const touch of TOUCHES) addEventListener(touch, onTouch);

function sound() {
  isOwed = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    TONES_HZ.forEach((pitch_hz, index) => tone(pitch_hz, context.currentTime + round * ROUND_S + index * TONE_S));
  }
}

function tone(pitch_hz, at_s) {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.frequency.value = pitch_hz;
  volume.gain.setValueAtTime(0, at_s);
  volume.gain.linearRampToValueAtTime(VOLUME, at_s + FADE_S);
  volume.gain.linearRampToValueAtTime(0, at_s + TONE_S);
  source.connect(volume).connect(context.destination);
  source.start(at_s);
  source.stop(at_s + TONE_S);
}
