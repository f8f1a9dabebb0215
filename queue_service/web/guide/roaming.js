// The greeter's own window on foot, where the branch has one: a counter's desk with the few verbs that a handheld needs.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useId } from "../vendor/preact-hooks.js";
import { effect, signal } from "../vendor/signals.js";
import { staff } from "../shared/api.js";
import { Chip, ClassChips, ConfirmInPlace, Icon } from "../shared/components.js";
import { makeDesk } from "../shared/desk.js";
import { pick, t } from "../shared/i18n.js";
import { usePlace } from "../shared/place.js";

const VERBS = [
  { action: "call-next", icon: "megaphone" },
  { action: "recall", icon: "rotate-ccw" },
  { action: "start", icon: "play" },
  { action: "finish", icon: "circle-check" },
  { action: "miss", icon: "user-x" },
];

// The desk at the roaming window that the reader may use; null without one.
export const roamingDesk = signal(null);

// The reader's own, or else the first that is free and in the plan.
function ownWindow({ windows }) {
  const roaming = windows.filter((window) => window.roaming);
  return roaming.find(({ teller }) => teller === staff.value?.id) ?? roaming.find(({ teller, services }) => teller === null && services.length > 0);
}

// Keeps the desk while the page is open, whatever tab is shown.
export function RoamingDesk({ branch, floor }) {
  const window = ownWindow(floor);
  return window ? html`<${Followed} key=${window.number} branch=${branch} number=${window.number} />` : null;
}

function Followed({ branch, number }) {
  const { live } = usePlace(branch, number);
  useEffect(() => {
    if (live === null) return undefined;
    const desk = makeDesk({ branch, number, live });
    roamingDesk.value = desk;
    const stop = effect(desk.announceChanges);
    return () => {
      stop();
      roamingDesk.value = null;
    };
  }, [live]);
  return null;
}

export function Roaming({ floor }) {
  const id = useId();
  const desk = roamingDesk.value;
  const view = desk?.view.value;
  if (!view) return null;
  const isOpen = desk.isMine.value;
  const isDead = !desk.live.isFresh.value || desk.verbInFlight.value !== null;
  return html`<section class="card stack roaming" aria-labelledby=${id}>
    <div class="row">
      <h2 id=${id}>${t("web.guide.roaming")}</h2>
      <${Chip} tone=${isOpen ? "good" : ""}>${t("web.window", { number: desk.number })} · ${t(`web.window.${view.window.state}`)}<//>
    </div>
    ${isOpen ? html`<${Serving} desk=${desk} view=${view} services=${floor.services} />` : html`<p class="row">
      <button type="button" class="button" disabled=${isDead} onClick=${() => desk.open()}><${Icon} name="door-open" />${view.window.state === "closed" ? t("web.counter.open") : t("web.counter.continue_here")}</button>
      <span class="soft">${view.window.services.map((service) => pick(floor.services.find((one) => one.id === service)?.name ?? {})).join(" · ")}</span>
    </p>`}
  </section>`;
}

function Serving({ desk, view, services }) {
  const { ticket, window, likely } = view;
  const service = ticket && services.find((one) => one.id === ticket.service);
  const closing = desk.panel.value?.name === "close";
  return html`
    ${ticket
      ? html`<div class="row"><strong class="roaming-label">${ticket.label}</strong><span>${service ? pick(service.name) : ticket.service}</span><${Chip} tone="accent">${t(`status.${ticket.status}`)}<//><${ClassChips} ticket=${ticket} /></div>`
      : html`<p class="soft">${t("web.people_waiting", { count: window.waiting })}</p>`}
    ${closing
      ? html`<${ConfirmInPlace} question=${t("web.counter.close.question", { number: desk.number })}
          actions=${[{ text: t("web.counter.verb.close"), run: () => desk.act("close", { after_current: ticket !== null }), grave: true }]} onBack=${desk.close} />`
      : html`<p class="row roaming-verbs">
          ${VERBS.filter(({ action }) => (ticket === null) === (action === "call-next")).map(
            ({ action, icon }) => html`<button key=${action} type="button" class=${`button ${action === likely ? "main" : ""}`} data-action=${action} disabled=${!desk.isPossible(action)} onClick=${() => desk.press(action)}>
              <${Icon} name=${icon} />${t(`web.counter.verb.${action}`)}
            </button>`,
          )}
          <button type="button" class="button quiet" disabled=${!desk.isPossible("close")} onClick=${() => desk.show("close")}><${Icon} name="door-closed" />${t("web.counter.verb.close")}</button>
        </p>`}
  `;
}
