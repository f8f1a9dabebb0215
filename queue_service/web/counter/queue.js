// Who waits for this window, in calling order; who was parked or missed and may come back.
import { html } from "../vendor/htm-preact.js";
import { Chip, ClassChips, Icon, Key } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { minutes, since_s } from "../shared/time.js";
import { LISTS, shortKey } from "./keys.js";

const NAMES = { choose: "waiting", parked: "parked", missed: "missed" };

export function Queue({ desk }) {
  const view = desk.view.value;
  return html`<aside class="queue card" aria-label=${t("web.counter.queue")}>
    ${LISTS.map(({ key, action }) => {
      const name = NAMES[action];
      const count = name === "waiting" ? view.window.waiting : view[name].length;
      return html`<${List} key=${name} desk=${desk} name=${name} action=${action} shortcut=${key} count=${count} tickets=${view[name]} />`;
    })}
  </aside>`;
}

function List({ desk, name, action, shortcut, count, tickets }) {
  const isPossible = desk.isPossible(action);
  // A parked customer comes back at once; calling somebody out of turn wants a reason.
  const take = (ticket) => (name === "parked" ? desk.act("resume", { ticket: ticket.id }) : desk.show("call", { ticket, isMissed: name === "missed" }));
  return html`<section class="list" data-list=${name} aria-labelledby=${`list-${name}`} onKeyDown=${move}>
    <h2 class="row" id=${`list-${name}`}>
      ${t(`web.counter.list.${name}`)} <span>${count}</span>
      ${isPossible && html`<span class="soft push"><${Key} name=${shortKey(shortcut)} /></span>`}
    </h2>
    ${tickets.length > 0
      ? html`<ol>
          ${tickets.map((ticket) => html`<${Row} key=${ticket.id} desk=${desk} ticket=${ticket} isPossible=${isPossible} name=${name} onTake=${() => take(ticket)} />`)}
        </ol>`
      : html`<p class="soft">${t(`web.counter.list.${name}.none`)}</p>`}
    ${count > tickets.length && html`<p class="soft">${t("web.counter.list.more", { count: count - tickets.length })}</p>`}
  </section>`;
}

// Arrow keys go from one ticket to the next within a list.
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function Row({ desk, ticket, isPossible, name, onTake }) {
  const view = desk.view.value;
  const service = view.services.find(({ id }) => id === ticket.service);
  const words = html`
    <strong class="row-label">${ticket.label}</strong>
    <span class="row-words">
      <span>${service ? pick(service.name) : ticket.service}</span>
      <${ClassChips} ticket=${ticket} />
      ${ticket.status === "waiting" && ticket.window === desk.number && html`<${Chip}>${t("web.counter.sent_here")}<//>`}
      ${ticket.overtaken > 0 && html`<span class="soft">${t("web.counter.overtaken", { count: ticket.overtaken })}</span>`}
    </span>
    ${ticket.status === "waiting" && html`<${Age} ticket=${ticket} target_s=${service?.target_wait_s} />`}
  `;
  return html`<li>
    ${isPossible
      ? html`<button type="button" class="ticket" title=${t(`web.counter.list.${name}.take`)} onClick=${onTake}>${words}</button>`
      : html`<span class="ticket">${words}</span>`}
  </li>`;
}

// Alone, because it changes with the clock.
function Age({ ticket, target_s }) {
  const waited_s = since_s(ticket.waiting_since);
  const isOver = target_s !== undefined && waited_s > target_s;
  return html`<span class=${isOver ? "row-age over" : "row-age"}>
    ${isOver && html`<${Icon} name="clock" /><span class="unseen">${t("web.over_target")}</span>`}${minutes(waited_s)}
  </span>`;
}
