// The bell: each call and each recall sounds and shakes once, also across a reload or a new connection.
// A browser allows neither before somebody has touched the page.
import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";
import { isAudible, ring, unlock } from "../shared/chime.js";
import { Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { keep, kept } from "../shared/kept.js";

const WISHED = "ticket.sound";
const TOLD = "ticket.told";

const ROUNDS = 3;
const VOLUME = 0.8;

const SHAKE_MS = [400, 200, 400, 200, 400];

const TOUCHES = ["click", "keydown"];

const isWished = signal(kept(WISHED, "no") === "yes");

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
  alarm();
  return true;
}

// Shakes and, if the visitor wishes it, sounds, as far as the browser allows it.
function alarm() {
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

// A wish from before takes effect with the first touch, whatever is touched.
async function onTouch() {
  if (!isWished.peek() || isAudible.peek() || !globalThis.AudioContext) return;
  await unlock();
  if (isOwed && isAudible.peek()) sound();
}

for (const touch of TOUCHES) addEventListener(touch, onTouch);

function sound() {
  isOwed = false;
  ring({ volume: VOLUME, rounds: ROUNDS });
}
