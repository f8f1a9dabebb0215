// The reader's choice of theme; "system" follows the system. theme-first.js applies it.
import { signal } from "../vendor/signals.js";
import { kept, keep } from "./kept.js";

export const THEMES = ["system", "light", "dark", "contrast"];

export const theme = signal(kept("theme", "system"));

export function chooseTheme(choice) {
  theme.value = choice;
  keep("theme", choice);
  document.dispatchEvent(new Event("theme"));
}
