// The branch manager's page: the hall now, today's figures, notices.
import { html } from "../vendor/htm-preact.js";
import { computed } from "../vendor/signals.js";
import { branch, steps } from "../shared/address.js";
import { isUntaken } from "../shared/alerts.js";
import { staff } from "../shared/api.js";
import { BranchChoice } from "../shared/branch-choice.js";
import { idsOn, useNames } from "../shared/colleagues.js";
import { Announcer, Chip, Freshness, Icon, Part, SignedIn, StaleMessage, Toasts } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { usePlace } from "../shared/place.js";
import { Shut, ShutBranch } from "../shared/shut.js";
import { StaffBar } from "../shared/staff-bar.js";
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

const room = computed(() => ROOMS.find(({ id }) => id === steps.value[0]) ?? ROOMS[0]);

function Manager() {
  return html`
    <${SignedIn} title=${t("web.manager.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  if (!staff.value.roles.some((role) => LEADERS.includes(role))) return html`<${Shut} title=${t("web.manager.title")} why=${t("web.manager.for_leaders")} />`;
  const own = branch.value;
  if (own === null) return html`<${BranchChoice} />`;
  return html`<${Branch} key=${own} id=${own} />`;
}

function Branch({ id }) {
  const { live, why } = usePlace(id, null);
  if (why) return html`<${ShutBranch} title=${t("web.manager.title")} why=${why.message} />`;
  if (!live?.view.value) return html`<${Frame}><p role="status">${t("web.loading")}</p><//>`;
  return html`<${Office} branch=${id} live=${live} />`;
}

function Office({ branch: id, live }) {
  const floor = live.view.value;
  const figures = useFigures(id, live);
  useNames(id, idsOn(floor));
  const { Room } = room.value;
  return html`<${Frame} name=${pick(floor.branch.name)} live=${live} rooms=${html`<${Rooms} floor=${floor} />`}>
    <${StaleMessage} live=${live} />
    <${Part} key=${room.value.id} view=${floor}><${Room} branch=${id} floor=${floor} figures=${figures.value} isFresh=${live.isFresh.value} /><//>
  <//>`;
}

function Rooms({ floor }) {
  const alerts = floor.alerts.filter(isUntaken).length;
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

start(Manager);
