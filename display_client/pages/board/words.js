// The words of the board in all its languages at once, the first one largest.
import { html } from "../vendor/htm-preact.js";
import { signal } from "../vendor/signals.js";
import { LANGUAGES } from "../shared/i18n.js";

const catalogues = signal({});

// The board's languages in order of size.
export const tongues = signal([document.documentElement.lang]);

export async function loadCatalogues() {
  const loaded = await Promise.all(LANGUAGES.map(async (tag) => [tag, await (await fetch(`/locales/${tag}.json`)).json()]));
  catalogues.value = Object.fromEntries(loaded);
  chooseTongues(LANGUAGES);
}

// `order`: what the settings say; a language asked for by `?lang` comes first.
export function chooseTongues(order) {
  const asked = new URLSearchParams(location.search).get("lang");
  const known = order.filter((tag) => LANGUAGES.includes(tag));
  const first = LANGUAGES.find((tag) => tag.toLowerCase() === asked?.toLowerCase());
  const chosen = first ? [first, ...known.filter((tag) => tag !== first)] : known;
  if (chosen.join() !== tongues.value.join()) tongues.value = chosen;
  document.documentElement.lang = tongues.value[0];
}

// The words of `key` in one language.
export function said(tag, key, params = {}) {
  return (catalogues.value[tag]?.[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

// What `tell` gives for each language, one beside or under the other.
export function Each({ tell, className = "" }) {
  const [first, ...others] = tongues.value;
  return html`<span class=${`each ${className}`}>
    <span class="first" lang=${first}>${tell(first)}</span>
    ${others.map((tag) => html`<span class="other" lang=${tag}>${tell(tag)}</span>`)}
  </span>`;
}

// The words of a key; `params` may be a function of the language.
export function Say({ words, params = {}, className }) {
  const tell = (tag) => said(tag, words, typeof params === "function" ? params(tag) : params);
  return html`<${Each} tell=${tell} className=${className} />`;
}

// A text of the hall by language tag.
export function Text({ text, className }) {
  return html`<${Each} tell=${(tag) => own(text, tag)} className=${className} />`;
}

export function own(text, tag) {
  return text[tag] ?? Object.values(text)[0] ?? "";
}

// "10:42" at the branch; on another day "周三 09:00".
export function moment(tag, at, timeZone, now_ms) {
  const write = (options) => new Intl.DateTimeFormat(tag, { timeZone, ...options });
  const time = write({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
  const day = (each) => write({ dateStyle: "short" }).format(new Date(each));
  return day(at) === day(now_ms) ? time : `${write({ weekday: "short" }).format(new Date(at))} ${time}`;
}
