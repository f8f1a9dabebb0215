// The greeter's handheld: the hall, who waits, a number for somebody, what wants a greeter.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { signal, useSignal } from "../vendor/signals.js";
import { get, Refused, signOut, staff } from "../shared/api.js";
import { Announcer, Freshness, Icon, Part, SignedIn, Switches, tell, Toasts } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { useNames } from "../counter/colleagues.js";
import { usePlace } from "../counter/place.js";
import { Alerts, newest, useChime } from "./alerts.js";
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

const branch = signal(new URLSearchParams(location.search).get("branch"));

function Guide() {
  return html`
    <${SignedIn} title=${t("web.guide.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  const own = branch.value ?? staff.value.branch;
  if (!staff.value.roles.some((role) => GREETS.has(role))) return html`<${Shut} why=${t("refusal.access.forbidden")} />`;
  if (own === null) return html`<${Branches} />`;
  return html`<${Floor} key=${own} branch=${own} />`;
}

// For staff of every branch.
function Branches() {
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
  return html`<main class="entrance">
    <section class="card stack sign-in">
      <h1>${t("web.guide.choose_branch")}</h1>
      <div role="alert">${problem.value && html`<p class="message now"><${Icon} name="wifi-off" /><span>${problem}</span></p>`}</div>
      ${branches.value.map(({ id, name }) => html`<a key=${id} class="button" href=${`?branch=${encodeURIComponent(id)}`}><${Icon} name="store" />${pick(name)}</a>`)}
    </section>
    <${SignOut} />
  </main>`;
}

function Shut({ why }) {
  return html`<main class="entrance">
    <section class="card stack sign-in">
      <h1>${t("web.guide.title")}</h1>
      <div role="alert"><p class="message now"><${Icon} name="triangle-alert" /><span>${why}</span></p></div>
      <${SignOut} />
    </section>
  </main>`;
}

function Floor({ branch }) {
  const { live, why } = usePlace(branch, null);
  const floor = live?.view.value ?? null;
  useEffect(tend, []);
  useNames(branch, named(floor));
  useChime(floor);
  useEffect(() => scrollTo(0, 0), [tab.value]);
  useEffect(() => {
    document.title = `${t(`web.guide.tab.${tab.value}`)} · ${t("web.guide.title")}`;
  });
  if (why) return html`<${Shut} why=${why.message} />`;
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

// Everybody whose name the floor may want: who holds a window, who took an alert.
function named(floor) {
  if (floor === null) return [];
  return [...floor.windows, ...floor.alerts.map(({ taken_by }) => ({ teller: taken_by }))];
}

function Head({ floor, live }) {
  const settings = useRef(null);
  return html`<header class="head">
    <strong class="head-branch">${pick(floor.branch.name)}</strong>
    <${Freshness} live=${live} />
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
  const untaken = newest(floor.alerts).filter(({ taken_by }) => taken_by === null).length;
  return html`<nav class="tabs" aria-label=${t("web.guide.tabs")}>
    ${TABS.map(
      ({ id, icon }) => html`<a key=${id} class="tab" href=${`#${id}`} aria-current=${id === tab.value && person.value === null ? "page" : id === tab.value ? "true" : null}>
        <${Icon} name=${icon} /><span>${t(`web.guide.tab.${id}`)}</span>
        ${id === "alerts" && untaken > 0 && html`<strong class="badge">${untaken}<span class="unseen"> ${t("web.guide.alerts.untaken")}</span></strong>`}
      </a>`,
    )}
  </nav>`;
}

function SignOut() {
  return html`<button type="button" class="button quiet" onClick=${leave}><${Icon} name="log-out" />${t("web.sign_out")}</button>`;
}

async function leave() {
  try {
    await signOut();
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    tell(refused.message, { isProblem: true });
  }
}

start(Guide);
