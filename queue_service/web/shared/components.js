// The parts that pages share.
import { html } from "../vendor/htm-preact.js";
import { ICONS } from "../vendor/icons.js";
import { h } from "../vendor/preact.js";
import { useEffect, useErrorBoundary, useId, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { signal, useSignal } from "../vendor/signals.js";
import { loadStaff, Refused, signIn, staff } from "./api.js";
import { chooseLanguage, language, languageName, LANGUAGES, t } from "./i18n.js";
import { follow, STALE_S } from "./live.js";
import { chooseTheme, theme, THEMES } from "./theme.js";
import { waitRange } from "./time.js";

const ASK_AGAIN_MS = 3000;
const TOAST_MS = 6000;
const TOASTS_MAX = 3;

// A picture beside a word, never instead of one.
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    ${ICONS[name].map(([tag, attributes]) => h(tag, attributes))}
  </svg>`;
}

export function Label({ text }) {
  return html`<span class="label">${text}</span>`;
}

export function Key({ name }) {
  return html`<kbd class="key">${name}</kbd>`;
}

// `tone`: accent, good, soon, now, or none.
export function Chip({ tone = "", icon, children }) {
  return html`<span class=${`chip ${tone}`}>${icon && html`<${Icon} name=${icon} />`}${children}</span>`;
}

// The visitor's class, and whether the greeter has yet to confirm it; nothing for an ordinary visitor.
export function ClassChips({ ticket }) {
  return html`
    ${ticket.class !== "normal" && html`<${Chip} tone="accent">${t(`class.${ticket.class}`)}<//>`}
    ${ticket.to_confirm && html`<${Chip} tone="soon" icon="triangle-alert">${t("web.to_confirm")}<//>`}
  `;
}

// A wait as a range; `wait` is {low_s, high_s}, or null where nobody can say.
export function WaitRange({ wait }) {
  return html`<span>${wait ? waitRange(wait) : t("web.wait.unknown")}</span>`;
}

// How old the shown data is; `live` is what live.js gives.
export function Freshness({ live }) {
  const age_s = live.age_s.value;
  if (age_s === null) return html`<span class="freshness stale">${t("web.data.none")}</span>`;
  const stale = live.isFresh.value ? "" : "stale";
  return html`<span class=${`freshness ${stale}`}>${age_s < 2 ? t("web.data.now") : t("web.data.age", { seconds: age_s })}</span>`;
}

// Says that what is shown can no longer be trusted; nothing while it can.
export function StaleMessage({ live }) {
  const isStale = live.view.value !== null && !live.isFresh.value;
  return html`<div role="alert">
    ${isStale &&
    html`<p class="message now"><${Icon} name="wifi-off" /><span>${t("web.data.stale", { seconds: STALE_S })}</span></p>`}
  </div>`;
}

// Keeps the failure of one part of a page from the others: says so in its place, and tries again when `view` is another one.
export function Part({ view, children }) {
  const failedAt = useRef(null);
  const [failure, tryAgain] = useErrorBoundary((error) => {
    failedAt.current = view;
    reportError(error);
  });
  useEffect(() => {
    if (failure && failedAt.current !== view) tryAgain();
  }, [view]);
  if (!failure) return children;
  return html`<div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${t("web.part_failed")}</span></p></div>`;
}

// A whole page that failed can only be loaded again.
export function Whole({ children }) {
  const [failure] = useErrorBoundary((error) => reportError(error));
  if (!failure) return children;
  return html`<main class="entrance">
    <h1 class="unseen">${t("web.product")}</h1>
    <div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${t("web.page_failed")}</span></p></div>
    <button type="button" class="button main" onClick=${() => location.reload()}><${Icon} name="rotate-ccw" />${t("web.load_again")}</button>
  </main>`;
}

export function LanguageSwitch() {
  const id = useId();
  return html`<span class="pick">
    <${Icon} name="languages" />
    <label class="unseen" for=${id}>${t("web.language")}</label>
    <select id=${id} value=${language.value} onChange=${(event) => chooseLanguage(event.target.value)}>
      ${LANGUAGES.map((tag) => html`<option value=${tag} lang=${tag} selected=${tag === language.value}>${languageName(tag)}</option>`)}
    </select>
  </span>`;
}

export function ThemeSwitch() {
  const id = useId();
  return html`<span class="pick">
    <${Icon} name="sun-moon" />
    <label class="unseen" for=${id}>${t("web.theme")}</label>
    <select id=${id} value=${theme.value} onChange=${(event) => chooseTheme(event.target.value)}>
      ${THEMES.map((name) => html`<option value=${name} selected=${name === theme.value}>${t(`web.theme.${name}`)}</option>`)}
    </select>
  </span>`;
}

// What live.js gives for `path`, followed while the component is there; null before the first paint.
export function useLive(path, options) {
  const live = useSignal(null);
  useEffect(() => {
    const followed = follow(path, options);
    live.value = followed;
    return () => followed.stop();
  }, [path]);
  return live.value;
}

// Shows its children to who is signed in, and the way in to everybody else.
export function SignedIn({ title, children }) {
  const wasIn = useRef(false);
  const isUnreached = useSignal(false);
  useEffect(() => {
    let timer = null;
    async function ask() {
      try {
        if (!(await loadStaff())) staff.value = null;
        isUnreached.value = false;
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        isUnreached.value = true;
        timer = setTimeout(ask, ASK_AGAIN_MS);
      }
    }
    ask();
    return () => clearTimeout(timer);
  }, []);

  if (staff.value) {
    wasIn.current = true;
    return children;
  }
  if (staff.value === null) {
    return html`<main class="entrance"><${SignIn} title=${title} note=${wasIn.current && t("web.sign_in.ended")} /><${Switches} /></main>`;
  }
  return html`<main class="entrance">
    <h1 class="unseen">${title}</h1>
    <p role="status">${isUnreached.value ? t("web.offline") : t("web.loading")}</p>
  </main>`;
}

export function Switches() {
  return html`<span class="row"><${LanguageSwitch} /><${ThemeSwitch} /></span>`;
}

// Name and password; when it succeeds `staff` of api.js holds who came in.
export function SignIn({ title, note }) {
  const name = useId();
  const password = useId();
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);

  async function submit(event) {
    event.preventDefault();
    if (isBusy.value) return;
    const fields = new FormData(event.target);
    isBusy.value = true;
    problem.value = "";
    try {
      await signIn(fields.get("username"), fields.get("password"));
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      problem.value = refused.message;
    } finally {
      isBusy.value = false;
    }
  }

  return html`<form class="card stack sign-in" onSubmit=${submit}>
    <h1>${title}</h1>
    ${note && html`<p class="message soon"><${Icon} name="info" /><span>${note}</span></p>`}
    <div class="field">
      <label for=${name}>${t("web.sign_in.username")}</label>
      <input class="input" id=${name} name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} required maxlength="200" ref=${first} />
    </div>
    <div class="field">
      <label for=${password}>${t("web.sign_in.password")}</label>
      <input class="input" id=${password} name="password" type="password" autocomplete="current-password" required maxlength="200" />
    </div>
    <div role="alert">
      ${problem.value && html`<p class="message now"><${Icon} name="triangle-alert" /><span>${problem}</span></p>`}
    </div>
    <button class="button main" disabled=${isBusy.value}><${Icon} name="log-in" />${t("web.sign_in.submit")}</button>
  </form>`;
}

// Asks once, where the reader is looking. `actions`: [{text, run, grave?}]; the way back comes last.
export function ConfirmInPlace({ question, actions, onBack }) {
  const id = useId();
  const first = useRef(null);
  useLayoutEffect(() => first.current.focus(), []); // before the next key can come
  return html`<div class="message soon" role="group" aria-labelledby=${id} onKeyDown=${(event) => event.key === "Escape" && onBack()}>
    <${Icon} name="triangle-alert" />
    <p id=${id}>${question}</p>
    <span class="row push">
      ${actions.map(
        ({ text, run, grave }, index) =>
          html`<button type="button" class=${`button ${grave ? "grave" : "main"}`} ref=${index === 0 ? first : null} onClick=${run}>${text}</button>`,
      )}
      <button type="button" class="button" onClick=${onBack}>${t("web.back")}</button>
    </span>
  </div>`;
}

const toasts = signal([]);
let toastsMade = 0;

// Tells the reader something that happened. `isProblem` stays until it is put away, the rest goes by itself.
export function tell(text, { isProblem = false } = {}) {
  toastsMade += 1;
  const toast = { id: toastsMade, text, isProblem };
  toasts.value = [...toasts.value.filter((other) => other.text !== text), toast].slice(-TOASTS_MAX);
  if (!isProblem) setTimeout(() => putAway(toast.id), TOAST_MS);
}

// Takes every problem away that was told before: the reader goes on.
export function clearProblems() {
  toasts.value = toasts.value.filter((toast) => !toast.isProblem);
}

function putAway(id) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status">
    ${toasts.value.map(
      ({ id, text, isProblem }) => html`<p key=${id} class=${`toast message ${isProblem ? "now" : ""}`}>
        <${Icon} name=${isProblem ? "triangle-alert" : "info"} />
        <span>${text}</span>
        <button type="button" class="button quiet push" onClick=${() => putAway(id)}><${Icon} name="x" />${t("web.close")}</button>
      </p>`,
    )}
  </div>`;
}

const announced = signal("");

// Says something to screen readers alone.
export function announce(text) {
  announced.value = text;
}

export function Announcer() {
  return html`<p class="unseen" aria-live="assertive">${announced}</p>`;
}
