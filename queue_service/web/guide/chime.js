// Sound and vibration for a new alert, where the browser allows them and the reader wants them.
import { signal } from "../vendor/signals.js";
import { keep, kept } from "../shared/kept.js";

const TONES_HZ = [880, 1175];
const TONE_S = 0.18;
const LOUDNESS = 0.2;
const SHAKE_MS = [200, 100, 200];

export const isChimeOn = signal(kept("guide.chime", "yes") === "yes");

let audio = null;

export function setChime(isOn) {
  isChimeOn.value = isOn;
  keep("guide.chime", isOn ? "yes" : "no");
  if (isOn) chime();
}

// A browser makes no sound before the reader has touched the page.
export function chime() {
  if (!isChimeOn.peek() || !navigator.userActivation?.hasBeenActive) return;
  navigator.vibrate?.(SHAKE_MS);
  audio ??= new AudioContext();
  TONES_HZ.forEach((hertz, index) => sound(hertz, audio.currentTime + index * TONE_S));
}

function sound(hertz, at_s) {
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  loudness.gain.setValueAtTime(LOUDNESS, at_s);
  loudness.gain.exponentialRampToValueAtTime(0.001, at_s + TONE_S);
  tone.frequency.value = hertz;
  tone.connect(loudness).connect(audio.destination);
  tone.start(at_s);
  tone.stop(at_s + TONE_S);
}
