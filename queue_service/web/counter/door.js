// A window that is not the reader's: free, somebody else's, or just taken over by somebody.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { staff } from "../shared/api.js";
import { nameOf, useNames } from "../shared/colleagues.js";
import { Chip, ConfirmInPlace, Freshness, Icon, StaleMessage } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { StaffBar } from "../shared/staff-bar.js";
import { Hold, mayOpen } from "./chooser.js";

export function Door({ desk, onLeave }) {
  const { live, number, panel } = desk;
  const view = live.view.value;
  const window = view?.window;
  const isTaken = Boolean(window) && window.teller !== null && window.teller !== staff.value?.id;
  const isOwn = Boolean(window) && window.state !== "closed" && !isTaken;
  useNames(desk.branch, window ? [window.teller] : []);
  const first = useRef(null);
  useEffect(() => first.current?.focus(), [window?.number, isTaken]);
  const isForOthers = Boolean(window) && !mayOpen(window);
  const isDead = !live.isFresh.value || desk.verbInFlight.value !== null;

  return html`
    <header class="bar">
      ${view && html`<strong class="bar-title">${pick(view.branch.name)}</strong>`}
      <${StaffBar}><${Freshness} live=${live} /><//>
    </header>
    <main class="chooser stack">
      <${StaleMessage} live=${live} />
      <section class="card stack door">
        <h1>${t("web.window", { number })}</h1>
        ${desk.wasMine.value &&
        html`<p class="message now" role="alert">
          <${Icon} name="triangle-alert" /><span>${isTaken ? t("web.counter.taken_over", { name: nameOf(window.teller) }) : isOwn ? t("web.counter.held_elsewhere") : t("web.counter.closed_now")}</span>
        </p>`}
        ${window
          ? html`<p class="row">${isForOthers ? html`<${Chip}>${t("web.counter.for_tellers")}<//>` : html`<${Hold} window=${window} />`}</p>
              <p>${view.services.filter(({ id }) => window.services.includes(id)).map(({ name }) => pick(name)).join(" · ")}</p>
              ${view.ticket && html`<p>${t("web.counter.still_there", { label: view.ticket.label })}</p>`}`
          : html`<p role="status">${t("web.loading")}</p>`}
        ${panel.value?.name === "takeover"
          ? html`<${ConfirmInPlace}
              question=${t("web.counter.takeover.question", { name: nameOf(window.teller), number })}
              actions=${[{ text: t("web.counter.takeover.confirm"), run: () => desk.open({ takeover: true }), grave: true }]}
              onBack=${desk.close}
            />`
          : html`<p class="row">
              ${window &&
              !isForOthers &&
              html`<button
                type="button"
                class="button main"
                ref=${first}
                disabled=${isDead}
                onClick=${() => (isTaken ? desk.show("takeover") : desk.open())}
              >
                <${Icon} name="door-open" />${isTaken ? t("web.counter.takeover") : isOwn ? t("web.counter.continue_here") : t("web.counter.open")}
              </button>`}
              <button type="button" class="button" ref=${isForOthers ? first : null} onClick=${onLeave}>${t("web.counter.other_window")}</button>
            </p>`}
      </section>
    </main>
  `;
}
