// The greeter's handheld: the hall, who waits, a number for somebody, what wants a greeter.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { branch } from "../shared/address.js";
import { isUntaken } from "../shared/alerts.js";
import { staff } from "../shared/api.js";
import { BranchChoice } from "../shared/branch-choice.js";
import { idsOn, useNames } from "../shared/colleagues.js";
import { Announcer, Freshness, Icon, Part, SignedIn, Switches, Toasts } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { usePlace } from "../shared/place.js";
import { Shut, ShutBranch } from "../shared/shut.js";
import { SignOut } from "../shared/staff-bar.js";
import { Alerts, useChime } from "./alerts.js";
import { isChimeOn, setChime } from "./chime.js";
import { Gap } from "./gap.js";
import { Hall } from "./hall.js";
import { TakeNumber } from "./number.js";
import { RoamingDesk } from "./roaming.js";
import { person, tab, TABS } from "./route.js";
import { tend } from "./taps.js";
import { Waiting } from "./waiting.js";

const GREETS = new Set(["greeter", "manager", "admin"]);
const ROOMS = { hall: Hall, waiting: Waiting, number: TakeNumber, alerts: Alerts };

function Guide() {
  return html`
    <${SignedIn} title=${t("web.guide.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  const own = branch.value;
  if (!staff.value.roles.some((role) => GREETS.has(role))) return html`<${Shut} title=${t("web.guide.title")} why=${t("refusal.access.forbidden")} />`;
  if (own === null) return html`<${BranchChoice} />`;
  return html`<${Floor} key=${own} branch=${own} />`;
}

function Floor({ branch }) {
  const { live, why } = usePlace(branch, null);
  const floor = live?.view.value ?? null;
  useEffect(tend, []);
  useNames(branch, floor === null ? [] : idsOn(floor));
  useChime(floor);
  useEffect(() => scrollTo(0, 0), [tab.value]);
  useEffect(() => {
    document.title = `${t(`web.guide.tab.${tab.value}`)} · ${t("web.guide.title")}`;
  });
  if (why) return html`<${ShutBranch} title=${t("web.guide.title")} why=${why.message} />`;
  if (floor === null) return html`<main class="entrance"><h1 class="unseen">${t("web.guide.title")}</h1><p role="status">${t("web.loading")}</p></main>`;
  const Room = ROOMS[tab.value];
  return html`
    <${Head} floor=${floor} live=${live} />
    <${RoamingDesk} branch=${branch} floor=${floor} />
    <main class=${`room ${tab.value}`}>
      <${Gap} live=${live} />
      <${Part} key=${tab.value} view=${floor}><${Room} branch=${branch} floor=${floor} live=${live} /><//>
    </main>
    <${Tabs} floor=${floor} />
  `;
}

function Head({ floor, live }) {
  const settings = useRef(null);
  return html`<header class="head">
    <span class="head-names"><strong>${pick(floor.branch.name)}</strong><${Freshness} live=${live} /></span>
    <button type="button" class="button quiet" onClick=${() => settings.current.showModal()}>
      <${Icon} name="circle-user-round" /><span class="unseen">${t("web.guide.settings")}</span>
    </button>
    <dialog ref=${settings} aria-labelledby="settings-title">
      <div class="stack">
        <h2 id="settings-title">${staff.value.name}</h2>
        <label class="choice">
          <input type="checkbox" checked=${isChimeOn.value} onChange=${(event) => setChime(event.target.checked)} />
          <${Icon} name=${isChimeOn.value ? "volume-2" : "volume-x"} />${t("web.guide.chime")}
        </label>
        <${Switches} />
        <p class="row">
          <${SignOut} />
          <button type="button" class="button main push" autofocus onClick=${() => settings.current.close()}>${t("web.close")}</button>
        </p>
      </div>
    </dialog>
  </header>`;
}

function Tabs({ floor }) {
  const untaken = floor.alerts.filter(isUntaken).length;
  return html`<nav class="tabs" aria-label=${t("web.guide.tabs")}>
    ${TABS.map(
      ({ id, icon }) => html`<a key=${id} class="tab" href=${`#${id}`} aria-current=${id === tab.value && person.value === null ? "page" : id === tab.value ? "true" : null}>
        <${Icon} name=${icon} /><span>${t(`web.guide.tab.${id}`)}</span>
        ${id === "alerts" && untaken > 0 && html`<strong class="badge">${untaken}<span class="unseen"> ${t("web.guide.alerts.untaken")}</span></strong>`}
      </a>`,
    )}
  </nav>`;
}

start(Guide);
