// The hall as it is now: how it stands, its services, its windows and who sits there, and the plan in force.
import { html } from "../vendor/htm-preact.js";
import { alertIcon, alertWords, isUntaken, newest, TakenBy } from "../shared/alerts.js";
import { nameOf } from "../shared/colleagues.js";
import { Chip, Icon } from "../shared/components.js";
import { pick, t, worded } from "../shared/i18n.js";
import { clock, minutes, since_s } from "../shared/time.js";
import { Plans } from "./plans.js";

const WINDOW_TONES = { open: "good", busy: "accent", paused: "soon", pausing: "soon", closing: "soon" };
const CALLING = ["open", "busy"];

export function Now({ branch, floor, figures, isFresh }) {
  return html`
    <${Tallies} floor=${floor} figures=${figures} />
    <div class="office-columns">
      <${Services} floor=${floor} />
      <div class="stack office-side">
        <${Plans} branch=${branch} floor=${floor} isFresh=${isFresh} />
        <${Alerts} alerts=${floor.alerts} services=${floor.services} timeZone=${floor.branch.time_zone} />
      </div>
    </div>
    <${Windows} floor=${floor} />
  `;
}

function Tallies({ floor, figures }) {
  const waiting = floor.tickets.filter(({ status }) => status === "waiting");
  const inPlan = floor.windows.filter(({ services }) => services.length > 0);
  return html`<dl class="tallies">
    <${Tally} name=${t("web.manager.now.waiting")}>${waiting.length}<//>
    <${Tally} name=${t("web.manager.now.longest")}><${Longest} tickets=${waiting} /><//>
    <${Tally} name=${t("web.manager.now.windows")}>
      ${t("web.manager.now.of", { count: inPlan.filter(({ state }) => CALLING.includes(state)).length, all: inPlan.length })}
    <//>
    <${Tally} name=${t("web.manager.now.served")}>${figures?.served ?? "–"}<//>
    <${Tally} name=${t("web.manager.now.over_target")}>${figures?.over_target ?? "–"}<//>
  </dl>`;
}

function Tally({ name, children }) {
  return html`<div class="card tally"><dt>${name}</dt><dd>${children}</dd></div>`;
}

// Alone, because it changes with the clock. `target_s`: what it should not exceed.
function Longest({ tickets, target_s = Infinity }) {
  if (tickets.length === 0) return html`<span class="soft">–</span>`;
  const longest_s = Math.max(...tickets.map(({ waiting_since }) => since_s(waiting_since)));
  if (longest_s <= target_s) return html`<span>${minutes(longest_s)}</span>`;
  return html`<span class="over"><${Icon} name="clock" /><span class="unseen">${t("web.over_target")}</span>${minutes(longest_s)}</span>`;
}

function Services({ floor }) {
  return html`<section class="card stack" aria-labelledby="services">
    <h2 id="services">${t("web.manager.services")}</h2>
    <div class="wide" tabindex="0" role="group" aria-labelledby="services">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">${t("web.service")}</th>
            <th scope="col" class="number">${t("web.home.waiting")}</th>
            <th scope="col" class="number">${t("web.manager.longest")}</th>
            <th scope="col" class="number">${t("web.manager.target")}</th>
            <th scope="col">${t("web.manager.open_windows")}</th>
          </tr>
        </thead>
        <tbody>
          ${floor.services.map(({ id, prefix, name, waiting, target_wait_s, windows }) => {
            const tickets = floor.tickets.filter(({ status, service }) => status === "waiting" && service === id);
            return html`<tr key=${id}>
              <th scope="row"><span class="prefix">${prefix}</span>${pick(name)}</th>
              <td class="number">${waiting}</td>
              <td class="number"><${Longest} tickets=${tickets} target_s=${target_wait_s} /></td>
              <td class="number soft">${minutes(target_wait_s)}</td>
              <td>${windows.join(" · ") || html`<span class=${waiting > 0 ? "over" : "soft"}>${t("web.manager.no_window")}</span>`}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}

function Windows({ floor }) {
  return html`<section class="stack" aria-labelledby="windows">
    <h2 id="windows">${t("web.manager.windows")}</h2>
    <ul class="windows">
      ${floor.windows.map((window) => html`<${Window} key=${window.number} window=${window} services=${floor.services} timeZone=${floor.branch.time_zone} />`)}
    </ul>
  </section>`;
}

function Window({ window, services, timeZone }) {
  const { number, name, state, pause_reason, teller, opened_at, serving, waiting } = window;
  const served = services.filter(({ id }) => window.services.includes(id));
  const why = pause_reason && state === "paused" ? ` · ${worded("pause", pause_reason)}` : "";
  return html`<li class=${state === "closed" ? "card window shut" : "card window"} data-window=${number}>
    <div class="row window-head">
      <strong class="window-number">${number}</strong>
      <span class="push"><${Chip} tone=${WINDOW_TONES[state]}>${t(`web.window.${state}`)}${why}<//></span>
    </div>
    <p>${[pick(name), ...served.map((service) => pick(service.name))].filter(Boolean).join(" · ") || t("web.counter.not_in_plan")}</p>
    ${teller && html`<p class="row teller"><${Icon} name="user" /><span>${nameOf(teller)}${opened_at && html` <span class="soft">${t("web.manager.since", { at: clock(opened_at, timeZone) })}</span>`}</span></p>`}
    <p class="row window-foot">
      ${serving ? html`<strong>${serving}</strong>` : html`<span class="soft">${t("web.manager.nobody")}</span>`}
      <span class="push">${t("web.people_waiting", { count: waiting })}</span>
    </p>
  </li>`;
}

function Alerts({ alerts, services, timeZone }) {
  return html`<section class="card stack" aria-labelledby="alerts">
    <h2 id="alerts">${t("web.manager.alerts")} <span class="soft">${alerts.filter(isUntaken).length}</span></h2>
    ${alerts.length === 0 && html`<p class="soft">${t("web.manager.alerts.none")}</p>`}
    <ul class="alerts">
      ${newest(alerts).map((alert) => html`<li key=${alert.id} class="alert">
        <${Icon} name=${alertIcon(alert)} />
        <span>${alertWords(alert, services)}</span>
        <time class="soft">${clock(alert.at, timeZone)}</time>
        ${!isUntaken(alert) && html`<span class="alert-taken"><${TakenBy} alert=${alert} /></span>`}
      </li>`)}
    </ul>
  </section>`;
}
