// The one chime of all pages: two soft tones, made here. A browser may keep sound back until somebody touches the page.
import { signal } from "../vendor/signals.js";

const TONES = [
  { hertz: 659.26, from_s: 0, long_s: 0.7 }, // e″
  { hertz: 523.25, from_s: 0.32, long_s: 1.1 }, // c″
];
const ROUND_S = 1.6;
const ATTACK_S = 0.015;
const LOUDEST = 0.8;
const SILENT = 0.0001; // an exponential ramp never reaches 0

let context = null;

// Whether a sound would be heard now; whether the browser keeps it back until a touch. Neither where there is no player.
export const isAudible = signal(false);
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
export async function unlock() {
  prepare();
  try {
    await context?.resume();
  } catch (refused) {
    if (!(refused instanceof DOMException)) throw refused; // silent until the next touch
  }
  if (context !== null) look();
}

// Sounds `rounds` times, `volume` from 0 to 1. What is kept back is not made up for later.
export function ring({ volume, rounds = 1 }) {
  if (!isAudible.peek() || volume <= 0) return;
  const master = new GainNode(context, { gain: volume });
  master.connect(context.destination);
  for (let round = 0; round < rounds; round += 1) {
    for (const tone of TONES) sound(tone, context.currentTime + round * ROUND_S, master);
  }
}

function sound({ hertz, from_s, long_s }, round_s, master) {
  const begin_s = round_s + from_s;
  const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
  const loudness = new GainNode(context, { gain: SILENT });
  loudness.gain.setValueAtTime(SILENT, begin_s);
  loudness.gain.exponentialRampToValueAtTime(LOUDEST, begin_s + ATTACK_S);
  loudness.gain.exponentialRampToValueAtTime(SILENT, begin_s + long_s);
  tone.connect(loudness).connect(master);
  tone.start(begin_s);
  tone.stop(begin_s + long_s);
}

function look() {
  isAudible.value = context.state === "running";
  isBlocked.value = context.state === "suspended";
}
