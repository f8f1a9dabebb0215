// The words of the pages. The catalogues in queue_service/locales are the only place that holds human text.
import { effect, signal } from "../vendor/signals.js";
import { keep, kept } from "./kept.js";

export const LANGUAGES = document.documentElement.dataset.languages.split(" ");

const words = signal({});
const chosen = signal(document.documentElement.lang);

// The language shown now, a BCP 47 tag of LANGUAGES.
export const language = {
  get value() {
    return chosen.value;
  },
};

// Loads the words of the first language that fits: `?lang`, the choice kept from before, `wished` by the page, the browser's.
export async function loadWords(wished) {
  const asked = [new URLSearchParams(location.search).get("lang"), kept("language", null), wished, ...navigator.languages];
  await show(asked.map(fitting).find(Boolean) ?? document.documentElement.lang);
}

export async function chooseLanguage(tag) {
  keep("language", tag);
  await show(tag);
}

// The words of `key` with its {placeholders} filled. A missing key shows itself: better than an empty button.
export function t(key, params = {}) {
  return (words.value[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

// The words of `prefix.code` for a code from outside; a code that nobody worded shows as it is.
export function worded(prefix, code) {
  return words.value[`${prefix}.${code}`] ?? code;
}

// A text by language tag, in the reader's language or else the first it has.
export function pick(text) {
  return text[language.value] ?? Object.values(text)[0] ?? "";
}

// How a language calls itself: 中文, English; a tag that is none shows as it is.
export function languageName(tag) {
  try {
    return new Intl.DisplayNames([tag], { type: "language" }).of(tag.split("-")[0]);
  } catch (malformed) {
    if (!(malformed instanceof RangeError)) throw malformed;
    return tag;
  }
}

async function show(tag) {
  const answer = await fetch(`/locales/${document.documentElement.dataset.words}${tag}.json`);
  if (!answer.ok) throw new Error(`no words in ${tag}: ${answer.status}`);
  words.value = await answer.json();
  chosen.value = tag;
}

function fitting(tag) {
  const base = tag?.split("-")[0].toLowerCase();
  return LANGUAGES.find((own) => own.toLowerCase() === tag?.toLowerCase()) ?? LANGUAGES.find((own) => own.split("-")[0].toLowerCase() === base);
}

effect(() => {
  document.documentElement.lang = chosen.value;
});
