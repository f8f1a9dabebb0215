// Which window.
import { html } from "../vendor/htm-preact.js";
import { useCallback, useEffect, useRef } from "../vendor/preact-hooks.js";
import { leaveBranch } from "../shared/address.js";
import { staff } from "../shared/api.js";
import { idsOn, nameOf, useNames } from "../shared/colleagues.js";
import { Chip, Freshness, Icon, StaleMessage } from "../shared/components.js";
import { lastWindow } from "../shared/desk.js";
import { pick, t } from "../shared/i18n.js";
import { usePlace } from "../shared/place.js";
import { Shut } from "../shared/shut.js";
import { StaffBar } from "../shared/staff-bar.js";
import { Help } from "./help.js";
import { useHelpKey } from "./keys.js";

// Digits that follow each other as quickly are one number.
const DIGITS_MS_MAX = 1000;

const OPENERS = new Set(["teller", "manager", "admin"]);

export function WindowChooser({ branch, onChoose }) {
  const { live, why } = usePlace(branch, null);
  const floor = live?.view.value;
  const help = useRef(null);
  const openHelp = useCallback(() => help.current?.showModal(), []);
  useHelpKey(openHelp);
  useNames(branch, floor ? idsOn(floor) : []);
  if (why) return html`<${Shut} title=${t("web.counter.choose_window")} why=${why.message} way=${{ text: t("web.counter.other_window"), run: leaveBranch }} />`;
  return html`
    <header class="bar">
      ${floor && html`<strong class="bar-title">${pick(floor.branch.name)}</strong>`}
      <${StaffBar}>${live && html`<${Freshness} live=${live} />`}<//>
    </header>
    <main class="chooser stack">
      ${live && html`<${StaleMessage} live=${live} />`}
      <h1>${t("web.counter.choose_window")}</h1>
      <p class="row soft by-keys">
        ${t("web.counter.choose_window.keys")}
        <button type="button" class="button quiet" onClick=${openHelp}><${Icon} name="keyboard" />${t("web.counter.help")}</button>
      </p>
      ${floor && html`<${Tiles} branch=${branch} floor=${floor} onChoose=${onChoose} />`}
    </main>
    <${Help} dialog=${help} />
  `;
}

// The usual window first. Focus is on it, or else on the first that is free, so that Enter opens it.
function Tiles({ branch, floor, onChoose }) {
  const list = useRef(null);
  const digits = useRef({ text: "", at_ms: -Infinity });
  const usual = usualWindow(branch, floor.windows);
  const windows = floor.windows.toSorted((one, other) => (other.number === usual) - (one.number === usual));
  const first = usual ?? (windows.find((window) => mayOpen(window) && window.teller === null && window.services.length > 0) ?? windows.find(mayOpen))?.number;

  useEffect(() => {
    if (document.activeElement === document.body) tileOf(first)?.focus();
  }, []);

  function tileOf(number) {
    return list.current.querySelector(`button[data-window="${number}"]`);
  }

  function onKeyDown(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const next = /^[0-9]$/.test(event.key) ? byDigit(event) : byArrow(event);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  function byDigit({ key, timeStamp }) {
    const isMore = timeStamp - digits.current.at_ms < DIGITS_MS_MAX;
    const more = isMore ? tileOf(Number(digits.current.text + key)) : null;
    digits.current = { text: more ? digits.current.text + key : key, at_ms: timeStamp };
    return more ?? tileOf(Number(key));
  }

  function byArrow({ key }) {
    const tiles = [...list.current.querySelectorAll("button")];
    const columns = tiles.filter(({ offsetTop }) => offsetTop === tiles[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
    return step && tiles[tiles.indexOf(document.activeElement) + step];
  }

  return html`<ul class="tiles" ref=${list} onKeyDown=${onKeyDown}>
    ${windows.map((window) => html`<${Tile} key=${window.number} window=${window} services=${floor.services} isUsual=${window.number === usual} onChoose=${onChoose} />`)}
  </ul>`;
}

// The window that was last opened in this browser, or else the one that the reader holds; null without either.
function usualWindow(branch, windows) {
  const last = lastWindow(branch);
  const usual = windows.find(({ number }) => number === last) ?? windows.find(({ teller }) => teller === staff.value?.id);
  return usual && mayOpen(usual) ? usual.number : null;
}

// Whether the reader's roles let them open it; who only greets serves at roaming windows.
export function mayOpen({ roaming }) {
  return roaming || Boolean(staff.value?.roles.some((role) => OPENERS.has(role)));
}

function Tile({ window, services, isUsual, onChoose }) {
  const served = services.filter(({ id }) => window.services.includes(id));
  const isOpenable = mayOpen(window);
  // One that is free or the reader's own opens at once; one that somebody holds is asked about at its door.
  const isReady = window.teller === null || window.teller === staff.value?.id;
  const Frame = isOpenable ? "button" : "div";
  const press = isOpenable && { type: "button", "data-window": window.number, onClick: () => onChoose(window.number, { isReady }) };
  return html`<li>
    <${Frame} class="tile" ...${press}>
      <span class="tile-number">${window.number}</span>
      <span class="stack tile-words">
        <span class="row tile-chips">
          ${isUsual && html`<${Chip} tone="accent" icon="bookmark">${t("web.counter.usual")}<//>`}
          ${isOpenable ? html`<${Hold} window=${window} />` : html`<${Chip}>${t("web.counter.for_tellers")}<//>`}
        </span>
        ${pick(window.name) && html`<strong>${pick(window.name)}</strong>`}
        <span>${served.map(({ name }) => pick(name)).join(" · ") || t("web.counter.not_in_plan")}</span>
        <span class="soft">${t("web.people_waiting", { count: window.waiting })}</span>
      </span>
    <//>
  </li>`;
}

// Whether a window is free, the reader's own, or somebody else's.
export function Hold({ window }) {
  if (window.teller === null) return html`<${Chip} tone="good" icon="door-open">${t("web.counter.hold.free")}<//>`;
  const state = t(`web.window.${window.state}`);
  if (window.teller === staff.value?.id) return html`<${Chip} tone="accent" icon="check">${t("web.counter.hold.own", { state })}<//>`;
  return html`<${Chip} icon="users">${t("web.counter.hold.other", { name: nameOf(window.teller), state })}<//>`;
}
