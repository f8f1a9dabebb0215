// The keys of the console, in the order in which they stand on it.
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { keep, kept } from "../shared/kept.js";

export const VERBS = [
  { key: "F1", action: "call-next", icon: "megaphone" },
  { key: "F2", action: "recall", icon: "rotate-ccw" },
  { key: "F3", action: "start", icon: "play" },
  { key: "F4", action: "finish", icon: "circle-check" },
  { key: "F5", action: "miss", icon: "user-x" },
  { key: "F6", action: "transfer", icon: "arrow-right-left" },
  { key: "F7", action: "park", icon: "bookmark" },
  { key: "F8", action: "pause", icon: "circle-pause" },
];

// With Shift, a key does the rarer thing that belongs to it.
export const OTHERS = [
  { key: "F9", action: "walk-in", icon: "user-plus" },
  { key: "Shift+F3", action: "finish-as", icon: "check" },
  { key: "Shift+F4", action: "undo", icon: "undo-2" },
  { key: "Shift+F8", action: "close", icon: "door-closed" },
];

export const LISTS = [
  { key: "Shift+F1", action: "choose" },
  { key: "Shift+F7", action: "parked" },
  { key: "Shift+F5", action: "missed" },
];

export const SETTINGS = [{ key: "F10", action: "next-too" }];

const ACTIONS = new Map([...VERBS, ...OTHERS, ...LISTS, ...SETTINGS].map(({ key, action }) => [key, action]));

// The key of each action.
export const KEYS = new Map([...ACTIONS].map(([key, action]) => [action, key]));

// Whether "?" opens the help; a reader who dictates or has a sensitive keyboard can turn it off (WCAG 2.1.4).
export const isHelpKeyOn = signal(kept("counter.help_key", "yes") === "yes");

export function setHelpKey(isOn) {
  isHelpKeyOn.value = isOn;
  keep("counter.help_key", isOn ? "yes" : "no");
}

// "⇧F4": the full name takes too much room on a button; the help says it in full.
export function shortKey(key) {
  return key.replace("Shift+", "⇧");
}

// "?" opens the help while the reader writes nothing.
export function useHelpKey(help) {
  useEffect(() => {
    function onKeyDown(event) {
      if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!isHelpKeyOn.value || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      help();
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [help]);
}

// Listens while the console is there. A held key counts once.
export function useKeys(press) {
  useEffect(() => {
    function onKeyDown(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const action = ACTIONS.get(event.shiftKey ? `Shift+${event.key}` : event.key);
      if (action === undefined) return;
      event.preventDefault(); // even where it does nothing now: F5 must never reload the console
      if (!event.repeat && document.querySelector("dialog[open]") === null) press(action);
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [press]);
}
