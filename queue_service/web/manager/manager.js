// The branch manager's page: the hall now, today's figures, notices.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal, useSignal } from "../vendor/signals.js";
import { StaffBar } from "../counter/bar.js";
import { useNames } from "../counter/colleagues.js";
import { usePlace } from "../counter/place.js";
import { get, Refused, staff } from "../shared/api.js";
import { Announcer, Chip, Freshness, Icon, Part, SignedIn, StaleMessage, Toasts } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { useFigures } from "./figures.js";
import { Notices } from "./notices.js";
import { Now } from "./now.js";
import { Today } from "./today.js";

const LEADERS = ["manager", "admin"];

// By the address's hash, so that each can be kept as a bookmark.
const ROOMS = [
  { id: "now", icon: "layout-grid", Room: Now },
  { id: "today", icon: "chart-column", Room: Today },
  { id: "notices", icon: "megaphone", Room: Notices },
];

const branch = signal(new URLSearchParams(location.search).get("branch"));
const room = signal(asked());

function asked() {
  return ROOMS.find(({ id }) => `#${id}` === location.hash) ?? ROOMS[0];
}

addEventListener("hashchange", () => (room.value = asked()));

effect(() => {
  const search = branch.value === null ? "" : `?branch=${encodeURIComponent(branch.value)}`;
  history.replaceState(null, "", `${location.pathname}${search}${location.hash}`);
});

function Manager() {
  return html`
    <${SignedIn} title=${t("web.manager.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  if (!staff.value.roles.some((role) => LEADERS.includes(role))) return html`<${Shut} why=${t("web.manager.for_leaders")} />`;
  const own = branch.value ?? staff.value.branch;
  if (own === null) return html`<${BranchChooser} />`;
  return html`<${Branch} key=${own} id=${own} />`;
}

function Branch({ id }) {
  const { live, why } = usePlace(id, null);
  if (why) return html`<${Shut} why=${why.message} onLeave=${() => (branch.value = null)} />`;
  if (!live?.view.value) return html`<${Frame}><p role="status">${t("web.loading")}</p><//>`;
  return html`<${Office} branch=${id} live=${live} />`;
}

function Office({ branch: id, live }) {
  const floor = live.view.value;
  const figures = useFigures(id, live);
  useNames(id, floor.windows);
  const { Room } = room.value;
  return html`<${Frame} name=${pick(floor.branch.name)} live=${live} rooms=${html`<${Rooms} floor=${floor} />`}>
    <${StaleMessage} live=${live} />
    <${Part} key=${room.value.id} view=${floor}><${Room} branch=${id} floor=${floor} figures=${figures.value} isFresh=${live.isFresh.value} /><//>
  <//>`;
}

function Rooms({ floor }) {
  const alerts = floor.alerts.filter(({ taken_by }) => taken_by === null).length;
  return html`<nav class="rooms row" aria-label=${t("web.manager.rooms")}>
    ${ROOMS.map(
      ({ id, icon }) => html`<a key=${id} class="room" href=${`#${id}`} aria-current=${id === room.value.id ? "page" : null}>
        <${Icon} name=${icon} />${t(`web.manager.room.${id}`)}
      </a>`,
    )}
    ${alerts > 0 && html`<span class="push"><${Chip} tone="soon" icon="bell">${t("web.manager.alerts.count", { count: alerts })}<//></span>`}
  </nav>`;
}

function Frame({ name, live, rooms, children }) {
  return html`
    <header class="office-head">
      <h1>${name ?? t("web.manager.title")}</h1>
      <${StaffBar}>${live && html`<${Freshness} live=${live} />`}<//>
    </header>
    ${rooms}
    <main class="office stack">${children}</main>
  `;
}

// Not for this reader; the way to a place that is.
function Shut({ why, onLeave }) {
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);
  return html`<${Frame}>
    <div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${why}</span></p></div>
    ${onLeave && html`<p><button type="button" class="button main" ref=${first} onClick=${onLeave}>${t("web.manager.other_branch")}</button></p>`}
  <//>`;
}

function BranchChooser() {
  const branches = useSignal([]);
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
  return html`<${Frame}>
    <h2>${t("web.counter.choose_branch")}</h2>
    <div role="alert">${problem.value && html`<p class="message now"><${Icon} name="wifi-off" /><span>${problem}</span></p>`}</div>
    <ul class="stack">
      ${branches.value.map(
        ({ id, name }) => html`<li key=${id}><button type="button" class="button choose" onClick=${() => (branch.value = id)}>${pick(name)}</button></li>`,
      )}
    </ul>
  <//>`;
}

start(Manager);
