// The console at work: head, hall, customer, verbs, queue, foot.
import { html } from "../vendor/htm-preact.js";
import { useCallback, useEffect, useRef } from "../vendor/preact-hooks.js";
import { Chip, Freshness, Icon, Key, Part, StaleMessage } from "../shared/components.js";
import { pick, t, worded } from "../shared/i18n.js";
import { leave, StaffBar } from "../shared/staff-bar.js";
import { clock, minutesSeconds, now } from "../shared/time.js";
import { Customer } from "./customer.js";
import { Help } from "./help.js";
import { OTHERS, SETTINGS, shortKey, useHelpKey, useKeys, VERBS } from "./keys.js";
import { FORMS, Panel } from "./panels.js";
import { Queue } from "./queue.js";

const WINDOW_TONES = { open: "good", busy: "accent", paused: "soon", pausing: "soon", closing: "soon" };

export function Workplace({ desk, onLeave }) {
  const { live, panel } = desk;
  const view = live.view.value;
  const help = useRef(null);
  const customer = useRef(null);
  const openHelp = useCallback(() => help.current.showModal(), []);
  useKeys(desk.press);
  useHelpKey(openHelp);

  // When a panel goes, whoever was in it is back at the customer.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && panel.value === null && document.activeElement === document.body) customer.current.focus();
    wasOpen.current = panel.value !== null;
  }, [panel.value]);

  useEffect(() => {
    const place = t("web.window", { number: desk.number });
    document.title = view.ticket ? `${view.ticket.label} · ${place}` : place;
    return () => (document.title = t("web.product"));
  });

  return html`<div class="console">
    <header class="bar">
      <h1 class="bar-title">${t("web.window", { number: desk.number })}</h1>
      ${pick(view.window.name) && html`<strong>${pick(view.window.name)}</strong>`}
      <${WindowState} window=${view.window} />
      <${StaffBar} onLeave=${() => desk.show("leave")}>
        <${Freshness} live=${live} />
        <${Part} view=${view}><${Clock} timeZone=${view.branch.time_zone} /><//>
      <//>
    </header>
    <${Part} view=${view}><${Hall} view=${view} /><//>
    <main class="work">
      <div class="left">
        <${StaleMessage} live=${live} />
        <section class=${FORMS.has(panel.value?.name) ? "card customer small" : "card customer"} tabindex="-1" ref=${customer} aria-labelledby="customer-title">
          <${Part} view=${view}><${Customer} desk=${desk} /><//>
        </section>
        <${Verbs} desk=${desk} />
        ${panel.value
          ? html`<${Part} key=${panel.value.name} view=${view}><${Panel} desk=${desk} onLeave=${onLeave} onSignOut=${leave} /><//>`
          : html`<${Others} desk=${desk} />`}
      </div>
      <${Part} view=${view}><${Queue} desk=${desk} /><//>
    </main>
    <footer class="foot row">
      <span>${t("web.counter.today.served", { count: view.today.served })}</span>
      ${view.today.service_s_mean !== null &&
      html`<span>${t("web.counter.today.mean", { time: minutesSeconds(view.today.service_s_mean) })}</span>`}
      <span class="row push">
        <${NextToo} desk=${desk} />
        <button type="button" class="button quiet" onClick=${openHelp}><${Icon} name="keyboard" />${t("web.counter.help")}</button>
      </span>
    </footer>
    <${Help} dialog=${help} />
  </div>`;
}

function WindowState({ window }) {
  const reason = window.pause_reason && window.state !== "busy" && ` · ${worded("pause", window.pause_reason)}`;
  return html`<${Chip} tone=${WINDOW_TONES[window.state]}>${t(`web.window.${window.state}`)}${reason}<//>`;
}

// Alone, because it changes every second.
function Clock({ timeZone }) {
  return html`<time class="bar-clock">${clock(now.value, timeZone)}</time>`;
}

// Every service with its queue in one line; those of this window first and marked.
function Hall({ view }) {
  const own = new Set(view.window.services);
  const group = (name, services) =>
    services.length > 0 &&
    html`<span class="hall-name">${name}</span>
      <ul class="row">
        ${services.map(
          ({ id, prefix, name: text, waiting }) => html`<li key=${id} class=${own.has(id) ? "chip accent" : "chip"}>
            ${prefix} ${pick(text)} <strong>${waiting}</strong>
          </li>`,
        )}
      </ul>`;
  return html`<section class="hall" aria-label=${t("web.counter.hall")}>
    ${group(t("web.counter.hall.own"), view.services.filter(({ id }) => own.has(id)))}
    ${group(t("web.counter.hall.others"), view.services.filter(({ id }) => !own.has(id)))}
  </section>`;
}

// A window that pauses, or is about to, goes on by the key that pauses.
function shown({ action, icon }, view) {
  const mayGoOn = action === "pause" && ["paused", "pausing", "closing"].includes(view.window.state);
  return mayGoOn ? { word: t("web.counter.verb.unpause"), icon: "play" } : { word: t(`web.counter.verb.${action}`), icon };
}

function Verbs({ desk }) {
  const view = desk.view.value;
  const likely = view.likely === "open" ? "pause" : view.likely;
  return html`<section class="verbs" aria-label=${t("web.counter.verbs")}>
    ${VERBS.map((verb) => {
      const { key, action } = verb;
      const { word, icon } = shown(verb, view);
      return html`<button
        key=${action}
        type="button"
        class=${`button verb ${action === likely && desk.isPossible(action) ? "main" : ""}`}
        data-action=${action}
        disabled=${!desk.isPossible(action)}
        aria-keyshortcuts=${key}
        onClick=${() => desk.press(action)}
      >
        <${Key} name=${key} /><${Icon} name=${icon} /><span>${word}</span>
      </button>`;
    })}
  </section>`;
}

function Others({ desk }) {
  return html`<section class="others row" aria-label=${t("web.counter.others")}>
    ${OTHERS.map(
      ({ key, action, icon }) => html`<button
        key=${action}
        type="button"
        class="button quiet"
        data-action=${action}
        disabled=${!desk.isPossible(action)}
        aria-keyshortcuts=${key}
        onClick=${() => desk.press(action)}
      >
        <${Key} name=${shortKey(key)} /><${Icon} name=${icon} />${t(`web.counter.verb.${action}`)}
      </button>`,
    )}
  </section>`;
}

function NextToo({ desk }) {
  const [{ key, action }] = SETTINGS;
  return html`<label class="choice quiet" data-action=${action}>
    <input type="checkbox" checked=${desk.callsNextToo.value} aria-keyshortcuts=${key} onChange=${() => desk.press(action)} />
    <${Key} name=${key} />${t("web.counter.verb.next-too")}
  </label>`;
}
