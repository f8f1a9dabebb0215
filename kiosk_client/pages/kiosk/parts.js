// What the kiosk's screens are made of.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { announce } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { Both } from "./words.js";

const LOOK_MS = 200;
const RING_R = 26;
const RING_LENGTH = 2 * Math.PI * RING_R;

// One screen: its heading has the focus when it comes, and is said.
export function Screen({ name, title, children }) {
  const heading = useRef(null);
  useLayoutEffect(() => heading.current.focus({ preventScroll: true }), [name]);
  useEffect(() => announce(t(title)), [name, title]);
  return html`<section class=${`screen ${name}`} data-screen=${name} aria-labelledby="screen-title" key=${name}>
    <h1 id="screen-title" tabindex="-1" ref=${heading}><${Both} k=${title} /></h1>
    ${children}
  </section>`;
}

// Seconds left of `ms` since `from_ms`, as a signal; `onEnd` once they are over. Stands still while `isHeld`.
export function useCountdown({ ms, from_ms, isHeld = false, onEnd }) {
  const left_s = useSignal(Math.ceil(ms / 1000));
  const end = useRef(onEnd);
  end.current = onEnd;
  useEffect(() => {
    if (isHeld) return undefined;
    const look = () => {
      const left_ms = from_ms + ms - performance.now();
      left_s.value = Math.max(0, Math.ceil(left_ms / 1000));
      if (left_ms > 0) return;
      clearInterval(timer);
      end.current();
    };
    const timer = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(timer);
  }, [ms, from_ms, isHeld]);
  return left_s;
}

// How much of a time is left, as a ring around its seconds.
export function Ring({ left_s, of_s }) {
  const gone = 1 - Math.min(1, left_s / of_s);
  return html`<svg class="ring" viewBox="0 0 64 64" aria-hidden="true">
    <circle class="ring-way" cx="32" cy="32" r=${RING_R} />
    <circle class="ring-left" cx="32" cy="32" r=${RING_R} stroke-dasharray=${RING_LENGTH} stroke-dashoffset=${RING_LENGTH * gone} />
    <text x="32" y="32">${left_s}</text>
  </svg>`;
}
