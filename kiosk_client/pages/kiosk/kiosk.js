// The kiosk: one screen after another, as the hall, the printer and the visitor are.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useLayoutEffect } from "../vendor/preact-hooks.js";
import { batch, effect } from "../vendor/signals.js";
import { announce, Announcer, Icon, Part, useLive } from "../shared/components.js";
import { chooseLanguage, language, languageName, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { Choose, ChooseClass } from "./choose.js";
import { Idle } from "./idle.js";
import { Asking, Closed, Full, Offline, Refused, Starting } from "./screens.js";
import { Ticket, Unprinted } from "./ticket.js";
import { askHelp, help, isLarge, isLow, patience_ms, settled, state, step, touched_ms, visit } from "./visit.js";
import { Both, BothNames, languages } from "./words.js";

const HELP_TOLD_S = 20;

const VISIT_SCREENS = {
  asked: Asking,
  printing: Ticket,
  printed: Ticket,
  unprinted: Unprinted,
  refused: Refused,
  unanswered: Refused,
};

function Kiosk() {
  const live = useLive("/live");
  const told = live?.view.value ?? null;
  useLayoutEffect(() => {
    if (told === null) return;
    batch(() => {
      state.value = told;
      settled();
    });
    if (languages.value.join() !== told.settings.languages.join()) rest(told.settings.languages);
  }, [told]);
  useEffect(() => {
    const touch = () => (touched_ms.value = performance.now());
    addEventListener("pointerdown", touch, true);
    addEventListener("keydown", touch, true);
    return () => {
      removeEventListener("pointerdown", touch, true);
      removeEventListener("keydown", touch, true);
    };
  }, []);

  const shown = state.value;
  if (shown === null) return html`<main class="kiosk"><${Starting} /></main>`;
  const isAlive = live.isFresh.value;
  const Screen = screenOf(shown, isAlive);
  return html`
    <div class=${`kiosk ${isLow.value ? "low" : ""}`}>
      <${Head} hall=${shown.hall} />
      <main class="stage"><${Part} view=${shown}><${Screen} isAlive=${isAlive} /><//></main>
      <${Foot} shown=${shown} isAlive=${isAlive} />
    </div>
    <${Idle} />
    <${Announcer} />
  `;
}

// A number that is out is shown whatever the core does; else what can be done now decides.
function screenOf(shown, isAlive) {
  const present = visit.value;
  if (present?.ticket) return VISIT_SCREENS[present.state];
  if (!isAlive) return Offline;
  if (present !== null) return VISIT_SCREENS[present.state];
  if (shown.link.state === "stale" || shown.link.state === "offline") return Offline;
  if (shown.hall === null) return Starting;
  const { branch, services } = shown.hall;
  if (!branch.numbers) return Closed;
  if (services.every((service) => !service.open) && services.some((service) => service.closed_reason === "full")) return Full;
  return step.value === "class" ? ChooseClass : Choose;
}

function Head({ hall }) {
  return html`<header class="top">
    <p class="where">${hall && html`<${BothNames} text=${hall.branch.name} />`}</p>
    <div class="row switches" role="group" aria-label=${t("web.language")}>
      ${languages.value.map(
        (tag) => html`<button type="button" class="button" key=${tag} lang=${tag} aria-pressed=${tag === language.value} onClick=${() => chooseLanguage(tag)}>
          ${languageName(tag)}
        </button>`,
      )}
    </div>
  </header>`;
}

function Foot({ shown, isAlive }) {
  const link = isAlive ? shown.link.state : "offline";
  return html`<footer class="foot">
    <${HelpTold} />
    <div class="row keys">
      <div class="row switches" role="group" aria-label=${t("web.kiosk.view")}>
        <button type="button" class="button" aria-pressed=${isLarge.value} onClick=${() => (isLarge.value = !isLarge.value)}>
          <${Icon} name="a-large-small" /><${Both} k="web.kiosk.large" />
        </button>
        <button type="button" class="button" aria-pressed=${isLow.value} onClick=${() => (isLow.value = !isLow.value)}>
          <${Icon} name="accessibility" /><${Both} k="web.kiosk.low" />
        </button>
      </div>
      <button type="button" class="button help push" data-action="help" disabled=${help.value === "asking"} onClick=${askHelp}>
        <${Icon} name="hand-helping" /><${Both} k="web.kiosk.help" />
      </button>
    </div>
    <p class="row soft about">
      <span>${shown.device && t("web.kiosk.name", { name: shown.device.name })}</span>
      <span class=${`freshness push ${link === "live" ? "" : "stale"}`}>${link === "live" ? t("web.data.now") : t("web.data.none")}</span>
    </p>
  </footer>`;
}

function HelpTold() {
  const told = help.value;
  useEffect(() => {
    if (told !== "coming" && told !== "failed") return undefined;
    const timer = setTimeout(() => (help.value = null), Math.max(HELP_TOLD_S * 1000, patience_ms("ticket_s")));
    return () => clearTimeout(timer);
  }, [told]);
  return html`<div role="status">
    ${told === "coming" &&
    html`<p class="message good"><${Icon} name="circle-check" /><${Both} k="web.kiosk.help.coming" /></p>`}
    ${told === "failed" &&
    html`<p class="message now"><${Icon} name="triangle-alert" /><${Both} k="web.kiosk.help.failed" /></p>`}
  </div>`;
}

// The screen as it rests: its languages are told, and whoever was here before has gone.
function rest(told) {
  languages.value = told;
  const asked = new URLSearchParams(location.search).get("lang");
  if (!asked && language.value !== told[0]) chooseLanguage(told[0]);
}

effect(() => {
  const root = document.documentElement;
  root.classList.toggle("large", isLarge.value);
  root.style.setProperty("--large", state.value?.settings.large_type_factor ?? 1);
});

effect(() => {
  if (help.value === "coming") announce(t("web.kiosk.help.coming"));
});

start(Kiosk);
