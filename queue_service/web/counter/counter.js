// The teller's console: sign in, choose a window, serve.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { batch, effect, signal } from "../vendor/signals.js";
import { staff } from "../shared/api.js";
import { Announcer, SignedIn, Toasts } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { BranchChooser, WindowChooser } from "./chooser.js";
import { Door } from "./door.js";
import { makeDesk } from "./desk.js";
import { usePlace } from "./place.js";
import { Shut } from "./shut.js";
import { Workplace } from "./workplace.js";

const asked = new URLSearchParams(location.search);
const branch = signal(asked.get("branch"));
const number = signal(Number.parseInt(asked.get("window") ?? "", 10) || null);

// The address names the workplace, so that a reload or a bookmark comes back to it.
effect(() => {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of [["branch", branch.value], ["window", number.value]]) {
    if (value === null) search.delete(name);
    else search.set(name, value);
  }
  history.replaceState(null, "", `${location.pathname}${search.size ? `?${search}` : ""}`);
});

function Counter() {
  return html`
    <${SignedIn} title=${t("web.counter.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  const own = branch.value ?? staff.value.branch;
  if (own === null) return html`<${BranchChooser} onChoose=${(id) => (branch.value = id)} />`;
  if (number.value === null) {
    return html`<${WindowChooser} key=${own} branch=${own} onChoose=${choose} onLeave=${leaveBranch} />`;
  }
  return html`<${Window} key=${`${own} ${number.value}`} branch=${own} number=${number.value} />`;
}

// A window that is ready opens as soon as it is chosen.
let isToOpen = false;

function choose(chosen, { isReady }) {
  isToOpen = isReady;
  number.value = chosen;
}

function Window({ branch, number: chosen }) {
  const { live, why } = usePlace(branch, chosen);
  if (why) {
    const leave = why.code === "window.unknown" ? leaveWindow : leaveBranch;
    return html`<${Shut} title=${t("web.window", { number: chosen })} why=${why} onLeave=${leave} />`;
  }
  return live && html`<${Place} branch=${branch} chosen=${chosen} live=${live} />`;
}

function leaveWindow() {
  number.value = null;
}

// To the own branch, or for who has none to the choice of one.
function leaveBranch() {
  batch(() => {
    branch.value = null;
    number.value = null;
  });
}

const desks = new WeakMap();

function Place({ branch, chosen, live }) {
  if (!desks.has(live)) desks.set(live, makeDesk({ branch, number: chosen, live }));
  const desk = desks.get(live);
  useEffect(() => effect(desk.announceChanges), [desk]);
  useEffect(() => {
    if (isToOpen) desk.open();
    isToOpen = false;
  }, [desk]);
  const Room = desk.isMine.value ? Workplace : Door;
  return html`<${Room} desk=${desk} onLeave=${leaveWindow} />`;
}

start(Counter);
