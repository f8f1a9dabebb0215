// The teller's console: sign in, choose a window, serve.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { batch, computed, effect } from "../vendor/signals.js";
import { branch, inAddress, leaveBranch } from "../shared/address.js";
import { BranchChoice } from "../shared/branch-choice.js";
import { Announcer, SignedIn, Toasts } from "../shared/components.js";
import { makeDesk } from "../shared/desk.js";
import { t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { usePlace } from "../shared/place.js";
import { Shut } from "../shared/shut.js";
import { WindowChooser } from "./chooser.js";
import { Door } from "./door.js";
import { whyNot } from "./hints.js";
import { Workplace } from "./workplace.js";

const asked = inAddress("window");
const number = computed(() => Number.parseInt(asked.value ?? "", 10) || null);

function Counter() {
  return html`
    <${SignedIn} title=${t("web.counter.title")}><${Choice} /><//>
    <${Announcer} />
    <${Toasts} />
  `;
}

function Choice() {
  const own = branch.value;
  if (own === null) return html`<${BranchChoice} />`;
  if (number.value === null) return html`<${WindowChooser} key=${own} branch=${own} onChoose=${choose} />`;
  return html`<${Window} key=${`${own} ${number.value}`} branch=${own} number=${number.value} />`;
}

// A window that is ready opens as soon as it is chosen.
let isToOpen = false;

function choose(chosen, { isReady }) {
  isToOpen = isReady;
  asked.value = String(chosen);
}

function Window({ branch, number: chosen }) {
  const { live, why } = usePlace(branch, chosen);
  if (why) {
    const run = why.code === "window.unknown" ? leaveWindow : leaveHall;
    return html`<${Shut} title=${t("web.window", { number: chosen })} why=${why.message} way=${{ text: t("web.counter.other_window"), run }} />`;
  }
  return live && html`<${Place} branch=${branch} chosen=${chosen} live=${live} />`;
}

function leaveWindow() {
  asked.value = null;
}

function leaveHall() {
  batch(() => {
    leaveBranch();
    leaveWindow();
  });
}

const desks = new WeakMap();

function Place({ branch, chosen, live }) {
  if (!desks.has(live)) desks.set(live, makeDesk({ branch, number: chosen, live, whyNot }));
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
