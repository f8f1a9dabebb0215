// The words in the visitor's language, and under them in another one.
import { html } from "../vendor/htm-preact.js";
import { effect, signal } from "../vendor/signals.js";
import { language, t } from "../shared/i18n.js";

// The languages of this kiosk, the one at rest first; empty until the process has told.
export const languages = signal([]);

const catalogues = signal({});

// The language that stands under the visitor's, null where there is only one.
export function second() {
  return languages.value.find((tag) => tag !== language.value) ?? null;
}

// `key` in both languages. A parameter is a text for all languages.
export function Both({ k, params = {} }) {
  const other = second();
  const words = catalogues.value[other]?.[k];
  return html`<span class="both">
    <span>${t(k, params)}</span>
    ${words && html`<span class="second" lang=${other}>${filled(words, params)}</span>`}
  </span>`;
}

// A name of the catalogue of the branch, {tag: text}, in both languages.
export function BothNames({ text }) {
  const other = second();
  const first = text[language.value] ?? Object.values(text)[0] ?? "";
  const under = text[other];
  return html`<span class="both">
    <span>${first}</span>
    ${under && under !== first && html`<span class="second" lang=${other}>${under}</span>`}
  </span>`;
}

function filled(words, params) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

effect(() => {
  for (const tag of languages.value) load(tag);
});

async function load(tag) {
  if (catalogues.peek()[tag]) return;
  const answer = await fetch(`/locales/${tag}.json`).catch(() => null);
  if (!answer?.ok) return;
  const words = await answer.json();
  catalogues.value = { ...catalogues.peek(), [tag]: words };
}
