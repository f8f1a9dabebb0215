// The chime before a call: two soft tones, made here. A browser may keep sound back until somebody touches the page.
import { signal } from "../vendor/signals.js";

const TONES = [
  { hertz: 659.26, from_s: 0, long_s: 0.7 }, // e″
  { hertz: 523.25, from_s: 0.32, long_s: 1.1 }, // c″
];
const ATTACK_S = 0.015;
const SILENT = 0.0001; // an exponential ramp never reaches 0

let context = null;

// The browser plays nothing yet: somebody has to touch the page.
export const isBlocked = signal(false);

// Gets ready to sound, as far as the browser lets it. Never fails: the picture goes on without sound.
export function prepare() {
  if (context !== null || !("AudioContext" in globalThis)) return;
  try {
    context = new AudioContext();
  } catch {
    return; // no sound device
  }
  context.onstatechange = look;
  look();
}

// After a touch: the browser may let it sound now.
export function unlock() {
  context?.resume().then(look, look);
}

// Sounds once, `volume` from 0 to 1. What is kept back is not made up for later.
export function ring(volume) {
  if (context?.state !== "running" || volume <= 0) return;
  const master = new GainNode(context, { gain: volume });
  master.connect(context.destination);
  TONES.forEach(({ hertz, from_s, long_s }) => {
    const begin = context.currentTime + from_s;
    const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
    const loudness = new GainNode(context, { gain: SILENT });
    loudness.gain.setValueAtTime(SILENT, begin);
    loudness.gain.exponentialRampToValueAtTime(0.8, begin + ATTACK_S);
    loudness.gain.exponentialRampToValueAtTime(SILENT, begin + long_s);
    tone.connect(loudness).connect(master);
    tone.start(begin);
    tone.stop(begin + long_s);
  });
}

function look() {
  isBlocked.value = context.state === "suspended";
}
