// Which branch, for staff of several; which window.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get, Refused, staff } from "../shared/api.js";
import { Chip, Freshness, StaleMessage } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { StaffBar } from "./bar.js";
import { nameOf, useNames } from "./colleagues.js";
import { usePlace } from "./place.js";
import { Shut } from "./shut.js";

export function BranchChooser({ onChoose }) {
  const branches = useSignal(null);
  const problem = useSignal("");
  useEffect(() => {
    get("/api/v1/branches").then(
      (answer) => (branches.value = answer.branches),
      (refused) => {
        if (!(refused instanceof Refused)) throw refused;
        problem.value = refused.message;
      },
    );
  }, []);
  return html`
    <header class="bar"><${StaffBar} /></header>
    <main class="chooser stack">
      <h1>${t("web.counter.choose_branch")}</h1>
      <div role="alert">${problem.value && html`<p class="message now">${problem}</p>`}</div>
      <ul class="tiles">
        ${branches.value?.map(
          ({ id, name }) => html`<li key=${id}>
            <button type="button" class="tile" onClick=${() => onChoose(id)}><strong>${pick(name)}</strong></button>
          </li>`,
        )}
      </ul>
    </main>
  `;
}

export function WindowChooser({ branch, onChoose, onLeave }) {
  const { live, why } = usePlace(branch, null);
  const floor = live?.view.value;
  useNames(branch, floor?.windows ?? []);
  if (why) return html`<${Shut} title=${t("web.counter.choose_window")} why=${why} onLeave=${onLeave} />`;
  return html`
    <header class="bar">
      ${floor && html`<strong class="bar-title">${pick(floor.branch.name)}</strong>`}
      <${StaffBar}>${live && html`<${Freshness} live=${live} />`}<//>
    </header>
    <main class="chooser stack">
      ${live && html`<${StaleMessage} live=${live} />`}
      <h1>${t("web.counter.choose_window")}</h1>
      <ul class="tiles">
        ${floor?.windows.map((window) => html`<${Tile} key=${window.number} window=${window} services=${floor.services} onChoose=${onChoose} />`)}
      </ul>
    </main>
  `;
}

function Tile({ window, services, onChoose }) {
  const served = services.filter(({ id }) => window.services.includes(id));
  return html`<li>
    <button type="button" class="tile" onClick=${() => onChoose(window.number)}>
      <span class="tile-number">${window.number}</span>
      <span class="stack tile-words">
        <${Hold} window=${window} />
        ${pick(window.name) && html`<strong>${pick(window.name)}</strong>`}
        <span>${served.map(({ name }) => pick(name)).join(" · ") || t("web.counter.not_in_plan")}</span>
        <span class="soft">${t("web.people_waiting", { count: window.waiting })}</span>
      </span>
    </button>
  </li>`;
}

// Whether a window is free, the reader's own, or somebody else's.
export function Hold({ window }) {
  if (window.teller === null) return html`<${Chip} tone="good" icon="door-open">${t("web.counter.hold.free")}<//>`;
  const state = t(`web.window.${window.state}`);
  if (window.teller === staff.value?.id) return html`<${Chip} tone="accent" icon="check">${t("web.counter.hold.own", { state })}<//>`;
  return html`<${Chip} icon="users">${t("web.counter.hold.other", { name: nameOf(window.teller), state })}<//>`;
}
