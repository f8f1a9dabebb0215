// Choosing a service, or several in their order, and a class where the first of them asks for it.
import { html } from "../vendor/htm-preact.js";
import { Icon, WaitRange } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { clockOrDay } from "../shared/time.js";
import { Screen } from "./parts.js";
import { isSeveral, leave, legs, state, step, take } from "./visit.js";
import { Both, BothNames } from "./words.js";

// A picture for a service by a word in its id; the first that fits.
const PICTURES = [
  ["cash", "banknote"],
  ["account", "credit-card"],
  ["card", "credit-card"],
  ["corporate", "briefcase-business"],
  ["enterprise", "building-2"],
  ["exchange", "globe"],
  ["fast", "zap"],
  ["wealth", "gem"],
  ["pay", "wallet-cards"],
  ["number", "smartphone"],
  ["broadband", "router"],
  ["sim", "card-sim"],
  ["question", "message-circle-question-mark"],
  ["complaint", "message-circle-question-mark"],
  ["loan", "hand-coins"],
];
const PICTURE_OTHERWISE = "ticket";

const CLASSES = {
  priority: { k: "web.kiosk.class.priority", icon: "accessibility" },
  vip: { k: "web.kiosk.class.vip", icon: "gem" },
};

const FAULTS_NEAR = ["near_end"];

export function Choose() {
  const { hall, printer, settings } = state.value;
  const chosen = legs.value.filter((id) => hall.services.some((service) => service.id === id && service.open));
  const several = isSeveral.value;
  const isFull = chosen.length >= settings.legs_max;
  return html`<${Screen} name=${several ? "several" : "choose"} title=${several ? "web.kiosk.several.title" : "web.kiosk.choose"}>
    ${printer.fault && !FAULTS_NEAR.includes(printer.fault) && html`<${NoPaper} />`}
    <ul class="services">
      ${hall.services.map(
        (service) => html`<li key=${service.id}>
          ${service.open
            ? html`<${Offered} service=${service} place=${chosen.indexOf(service.id)} several=${several} isFull=${isFull} />`
            : html`<${NotOffered} service=${service} branch=${hall.branch} />`}
        </li>`,
      )}
    </ul>
    ${several ? html`<${Several} settings=${settings} chosen=${chosen.map((id) => hall.services.find((service) => service.id === id))} />` : html`<${Ways} />`}
  <//>`;
}

function Ways() {
  return html`<p class="row ways">
    <button type="button" class="button" data-action="several" onClick=${() => (isSeveral.value = true)}><${Icon} name="list-checks" /><${Both} k="web.kiosk.several" /></button>
  </p>`;
}

function Several({ settings, chosen }) {
  return html`<div class="several-bar stack">
    <p role="status">${t("web.kiosk.several.count", { count: chosen.length, most: settings.legs_max })}</p>
    <p class="row">
      <button type="button" class="button" onClick=${() => leave()}><${Icon} name="arrow-left" /><${Both} k="web.kiosk.several.one" /></button>
      <button type="button" class="button main push" data-action="take" disabled=${chosen.length === 0} onClick=${() => go(chosen)}>
        <${Icon} name="ticket" /><${Both} k="web.kiosk.several.take" />
      </button>
    </p>
  </div>`;
}

function Offered({ service, place, several, isFull }) {
  const isChosen = place >= 0;
  return html`<button
    type="button"
    class="card service"
    data-service=${service.id}
    aria-pressed=${several ? isChosen : undefined}
    disabled=${several && isFull && !isChosen}
    onClick=${() => (several ? toggle(service.id) : go([service]))}
  >
    <span class="picture"><${Icon} name=${picture(service.id)} /></span>
    ${isChosen && html`<span class="place">${place + 1}</span>`}
    <span class="name"><${BothNames} text=${service.name} /></span>
    <span class="for soft">${pick(service.about)}</span>
    <span class="queue row">
      <span class="row ahead"><${Icon} name="users-round" />${service.waiting === 0 ? t("web.kiosk.waiting.none") : t("web.kiosk.waiting", { count: service.waiting })}</span>
      ${service.waiting > 0 && html`<span class="row"><${Icon} name="clock" /><${WaitRange} wait=${service.wait} /></span>`}
    </span>
  </button>`;
}

function NotOffered({ service, branch }) {
  const self = service.self_service && pick(service.self_service);
  return html`<div class="card service off">
    <span class="picture"><${Icon} name=${picture(service.id)} /></span>
    <span class="name"><${BothNames} text=${service.name} /></span>
    <span class="for soft">${self || pick(service.about)}</span>
    <span class="queue row">
      <${Icon} name="info" />
      <span>${reason(service.closed_reason)}${service.closed_reason === "closed" && branch.opens_at && html` · ${t("web.home.opens_at", { at: clockOrDay(branch.opens_at, branch.time_zone) })}`}</span>
    </span>
  </div>`;
}

export function ChooseClass() {
  const { services } = state.value.hall;
  const first = services.find((service) => service.id === legs.value[0]);
  const chosen = legs.value;
  const asked = first?.asks_class.filter((visitorClass) => visitorClass in CLASSES) ?? [];
  return html`<${Screen} name="class" title="web.kiosk.class">
    <p class="lead">${chosen.map((id) => pick(services.find((service) => service.id === id)?.name ?? {})).join(" → ")}</p>
    <ul class="classes">
      <li>
        <button type="button" class="card plain main-choice" data-class="normal" onClick=${() => take({ services: chosen })}>
          <${Icon} name="user" /><${Both} k="web.kiosk.class.none" />
        </button>
      </li>
      ${asked.map(
        (visitorClass) => html`<li key=${visitorClass}>
          <button type="button" class="card plain" data-class=${visitorClass} onClick=${() => take({ services: chosen, visitorClass })}>
            <${Icon} name=${CLASSES[visitorClass].icon} /><${Both} k=${CLASSES[visitorClass].k} />
          </button>
        </li>`,
      )}
    </ul>
    <p class="row soft"><${Icon} name="info" /><${Both} k="web.kiosk.class.hint" /></p>
    <p class="row ways">
      <button type="button" class="button" data-action="back" onClick=${() => leave()}><${Icon} name="arrow-left" /><${Both} k="web.kiosk.start_over" /></button>
    </p>
  <//>`;
}

function NoPaper() {
  return html`<p class="message soon"><${Icon} name="printer-x" /><${Both} k="web.kiosk.no_paper" /></p>`;
}

function go(services) {
  const ids = services.map((service) => service.id);
  legs.value = ids;
  if (services[0].asks_class.some((visitorClass) => visitorClass in CLASSES)) step.value = "class";
  else take({ services: ids });
}

function toggle(id) {
  legs.value = legs.value.includes(id) ? legs.value.filter((other) => other !== id) : [...legs.value, id];
}

function reason(code) {
  if (code === "full") return t("web.kiosk.reason.full");
  return code === "closed" ? t("web.kiosk.reason.closed") : t("web.kiosk.reason.no_window");
}

function picture(id) {
  return PICTURES.find(([word]) => id.includes(word))?.[1] ?? PICTURE_OTHERWISE;
}
