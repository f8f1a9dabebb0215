// Everybody in the hall by urgency, found by label; a person's card beside them or in their place.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useId, useRef } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";
import { Chip, ClassChips, Icon } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { minutes, since_s } from "../shared/time.js";
import { Person } from "./person.js";
import { go, goToPerson, person } from "./route.js";
import { isWaiting } from "./taps.js";

const SEGMENTS = ["waiting", "missed", "parked"];
const LABEL_CHARS_MAX = 12;

export const search = signal("");
const segment = signal("waiting");

// The person whose card was open last; who comes back is there again.
let last = null;

export function Waiting({ branch, floor, live }) {
  const id = person.value;
  const list = useRef(null);
  useEffect(() => {
    if (id === null && last !== null) list.current.querySelector(`[data-ticket="${CSS.escape(last)}"]`)?.focus();
    last = id;
  }, [id]);
  return html`<div class=${id === null ? "people" : "people with-person"}>
    <h1 class="unseen">${t("web.guide.tab.waiting")}</h1>
    <div class="people-list" ref=${list}><${List} floor=${floor} /></div>
    ${id !== null && html`<${Person} key=${id} branch=${branch} floor=${floor} live=${live} id=${id} onBack=${() => go("waiting")} />`}
  </div>`;
}

function List({ floor }) {
  const field = useId();
  const sought = search.value.trim().toUpperCase();
  const targets = new Map(floor.services.map(({ id, target_wait_s }) => [id, target_wait_s]));
  const shown = floor.tickets.filter(({ label, status }) => (sought ? label.includes(sought) : status === segment.value));
  const rows = shown.map((ticket) => ({ ticket, isOver: ticket.status === "waiting" && since_s(ticket.waiting_since) > (targets.get(ticket.service) ?? Infinity) }));
  rows.sort(
    (one, other) =>
      (other.ticket.status === "waiting") - (one.ticket.status === "waiting") ||
      other.isOver - one.isOver ||
      Date.parse(one.ticket.waiting_since) - Date.parse(other.ticket.waiting_since),
  );
  return html`
    <div class="find">
      <label class="unseen" for=${field}>${t("web.guide.search")}</label>
      <${Icon} name="search" />
      <input class="input" id=${field} type="search" placeholder=${t("web.guide.search")} value=${search.value} maxlength=${LABEL_CHARS_MAX}
        autocomplete="off" autocapitalize="characters" spellcheck=${false} enterkeyhint="search"
        onInput=${(event) => (search.value = event.target.value)} />
      ${sought && html`<button type="button" class="button quiet" onClick=${() => (search.value = "")}><${Icon} name="x" />${t("web.guide.search.clear")}</button>`}
    </div>
    ${!sought && html`<${Segments} tickets=${floor.tickets} />`}
    ${rows.length > 0
      ? html`<ul class="rows">${rows.map(({ ticket, isOver }) => html`<${Row} key=${ticket.id} floor=${floor} ticket=${ticket} isOver=${isOver} />`)}</ul>`
      : html`<p class="soft empty">${sought ? t("web.guide.search.none", { label: sought }) : t(`web.guide.list.${segment.value}.none`)}</p>`}
  `;
}

function Segments({ tickets }) {
  return html`<div class="segments" role="group" aria-label=${t("web.guide.lists")}>
    ${SEGMENTS.map(
      (name) => html`<button key=${name} type="button" class="segment" aria-pressed=${name === segment.value} onClick=${() => (segment.value = name)}>
        ${t(`status.${name}`)} <strong>${tickets.filter(({ status }) => status === name).length}</strong>
      </button>`,
    )}
  </div>`;
}

function Row({ floor, ticket, isOver }) {
  const service = floor.services.find(({ id }) => id === ticket.service);
  return html`<li>
    <button type="button" class="person-row" data-ticket=${ticket.id} aria-current=${ticket.id === person.value ? "true" : null} onClick=${() => goToPerson(ticket.id)}>
      <strong class="row-label">${ticket.label}</strong>
      <span class="row-words">
        <span>${service ? pick(service.name) : ticket.service}</span>
        ${ticket.status !== "waiting" && html`<${Chip}>${t(`status.${ticket.status}`)}<//>`}
        <${ClassChips} ticket=${ticket} />
        ${isWaiting(ticket.id) && html`<${Chip} tone="soon" icon="send">${t("web.guide.taps.mark")}<//>`}
      </span>
      ${ticket.status === "waiting" &&
      html`<span class=${isOver ? "row-age over" : "row-age"}>${isOver && html`<${Icon} name="clock" /><span class="unseen">${t("web.over_target")}</span>`}${minutes(since_s(ticket.waiting_since))}</span>`}
    </button>
  </li>`;
}
