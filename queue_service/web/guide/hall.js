// The hall now: where it hurts, the plan in force, every window.
import { html } from "../vendor/htm-preact.js";
import { useId } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { staff } from "../shared/api.js";
import { nameOf } from "../shared/colleagues.js";
import { Chip, ConfirmInPlace, Icon, WaitRange } from "../shared/components.js";
import { pick, t, worded } from "../shared/i18n.js";
import { planQuestion } from "../shared/plan-changes.js";
import { minutes, since_s } from "../shared/time.js";
import { Roaming } from "./roaming.js";
import { go } from "./route.js";
import { isWaiting, tap } from "./taps.js";
import { search } from "./waiting.js";

const SWITCH_PLANS = new Set(["manager", "admin"]);
const WINDOW_TONES = { open: "good", busy: "accent", paused: "soon", pausing: "soon", closing: "soon" };

export function Hall({ branch, floor, live }) {
  return html`
    <h1 class="unseen">${t("web.guide.tab.hall")}</h1>
    <div class="hall-side">
      <${Services} floor=${floor} />
      <${Plan} branch=${branch} floor=${floor} />
    </div>
    <div class="hall-main">
      <${Roaming} floor=${floor} live=${live} />
      ${floor.zones.map((zone) => html`<${Zone} key=${zone.id} floor=${floor} zone=${zone} />`)}
    </div>
  `;
}

// Over target first, then by how many wait for each open window.
function Services({ floor }) {
  const rows = floor.services
    .map((service) => ({ service, longest_s: longest(floor, service) }))
    .toSorted((one, other) => isOver(other) - isOver(one) || load(other.service) - load(one.service));
  return html`<section class="card services" aria-labelledby="services">
    <h2 id="services">${t("web.guide.services")}</h2>
    <ul>${rows.map((row) => html`<${Service} key=${row.service.id} ...${row} />`)}</ul>
  </section>`;
}

function longest(floor, { id }) {
  return floor.tickets.reduce((most, { service, status, waiting_since }) => (service === id && status === "waiting" ? Math.max(most, since_s(waiting_since)) : most), 0);
}

function isOver({ service, longest_s }) {
  return longest_s > service.target_wait_s;
}

function load({ waiting, windows }) {
  return waiting / Math.max(1, windows.length);
}

function Service({ service, longest_s }) {
  const { prefix, name, waiting, wait, windows, open } = service;
  const show = () => {
    search.value = prefix;
    go("waiting");
  };
  const isLate = isOver({ service, longest_s });
  return html`<li>
    <button type="button" class=${isLate ? "service late" : "service"} onClick=${show}>
      <strong class="service-prefix">${prefix}</strong>
      <span class="service-words">
        <strong>${pick(name)}</strong>
        <span class="soft">${windows.length > 0 ? t("web.guide.windows", { count: windows.length }) : t("web.guide.no_windows")}${open && wait && html` · <${WaitRange} wait=${wait} />`}</span>
        ${isLate && html`<span class="over"><${Icon} name="clock" />${t("web.over_target")} · ${minutes(longest_s)}</span>`}
      </span>
      <span class="service-waiting"><strong>${waiting}</strong><span class="soft">${t("web.home.waiting")}</span></span>
    </button>
  </li>`;
}

function Plan({ branch, floor }) {
  const id = useId();
  const chosen = useSignal(null);
  const current = floor.plans.find((plan) => plan.id === floor.branch.plan);
  const may = floor.greeter_may_switch_plan || staff.value.roles.some((role) => SWITCH_PLANS.has(role));
  const asked = floor.plans.find((plan) => plan.id === chosen.value);
  const path = `/api/v1/branches/${encodeURIComponent(branch)}/plan`;

  function put() {
    tap({ path, body: { plan: asked.id }, about: "plan", text: t("web.guide.plan.put", { plan: pick(asked.name) }) });
    chosen.value = null;
  }

  return html`<section class="card stack" aria-labelledby=${id}>
    <h2 class="row" id=${id}>${t("web.guide.plan")}<${Chip} tone="accent">${current ? pick(current.name) : floor.branch.plan}<//>${isWaiting("plan") && html`<${Chip} tone="soon" icon="send">${t("web.guide.taps.mark")}<//>`}</h2>
    ${asked
      ? html`<${ConfirmInPlace}
          question=${planQuestion(floor, asked)}
          actions=${[{ text: t("web.guide.plan.switch"), run: put }]}
          onBack=${() => (chosen.value = null)}
        />`
      : floor.plans.length < 2
        ? null
        : may
          ? html`<p class="row">
              ${floor.plans
                .filter((plan) => plan !== current)
                .map((plan) => html`<button key=${plan.id} type="button" class="button" onClick=${() => (chosen.value = plan.id)}>${pick(plan.name)}</button>`)}
            </p>`
          : html`<p class="soft">${t("web.guide.plan.by_manager")}</p>`}
  </section>`;
}

function Zone({ floor, zone }) {
  const windows = floor.windows.filter((window) => window.zone === zone.id);
  if (windows.length === 0) return null;
  const id = `zone-${zone.id}`;
  return html`<section aria-labelledby=${id}>
    <h2 class="zone-name" id=${id}>${pick(zone.name)}</h2>
    <ul class="windows">${windows.map((window) => html`<${WindowTile} key=${window.number} window=${window} services=${floor.services} />`)}</ul>
  </section>`;
}

function WindowTile({ window, services }) {
  const { number, name, state, teller, serving, waiting, pause_reason } = window;
  const served = services.filter(({ id }) => window.services.includes(id));
  const id = `window-${number}`;
  return html`<li class=${`window ${state}`} aria-labelledby=${id}>
    <span class="window-head">
      <h3 class="window-number" id=${id}><span class="unseen">${t("web.window", { number })}</span><span aria-hidden="true">${number}</span></h3>
      <strong class="window-serving">${serving}</strong>
    </span>
    <span><${Chip} tone=${WINDOW_TONES[state] ?? ""}>${t(`web.window.${state}`)}<//></span>
    ${state === "paused" && pause_reason && html`<span>${worded("pause", pause_reason)}</span>`}
    ${pick(name) && html`<strong>${pick(name)}</strong>`}
    <span>${served.map((service) => pick(service.name)).join(" · ") || t("web.counter.not_in_plan")}</span>
    ${teller && html`<span class="soft">${nameOf(teller)}</span>`}
    <span class="window-load">${t("web.people_waiting", { count: waiting })}</span>
  </li>`;
}
