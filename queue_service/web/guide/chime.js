// Sound and vibration for a new alert, where the browser allows them and the reader wants them.
import { signal } from "../vendor/signals.js";
import { ring, unlock } from "../shared/chime.js";
import { keep, kept } from "../shared/kept.js";

const VOLUME = 0.4;
const SHAKE_MS = [200, 100, 200];

export const isChimeOn = signal(kept("guide.chime", "yes") === "yes");

export function setChime(isOn) {
  isChimeOn.value = isOn;
  keep("guide.chime", isOn ? "yes" : "no");
  if (isOn) chime();
}

// A browser makes no sound before the reader has touched the page.
export async function chime() {
  if (!isChimeOn.peek() || !navigator.userActivation?.hasBeenActive) return;
  navigator.vibrate?.(SHAKE_MS);
  await unlock();
  ring({ volume: VOLUME });
}
