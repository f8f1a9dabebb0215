// Screens on which no service can be chosen: each says why, and what to do.
import { html } from "../vendor/htm-preact.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { Icon } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { clock, clockOrDay } from "../shared/time.js";
import { Screen } from "./parts.js";
import { leave, state, visit } from "./visit.js";
import { Both, BothNames } from "./words.js";

const SLOW_MS = 3000;

export function Starting() {
  return html`<section class="screen starting" data-screen="starting"><p role="status">${t("web.loading")}</p></section>`;
}

export function Asking() {
  const isSlow = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (isSlow.value = true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return html`<${Screen} name="asking" title="web.kiosk.asking">
    <div class="big"><${Icon} name="hourglass" /></div>
    <div role="status">${isSlow.value && html`<p class="lead"><${Both} k="web.kiosk.asking.slow" /></p>`}</div>
    ${isSlow.value &&
    html`<p class="row ways">
      <button type="button" class="button" data-action="cancel" onClick=${() => leave({ givesUp: true })}><${Icon} name="x" /><${Both} k="web.kiosk.cancel" /></button>
    </p>`}
  <//>`;
}

export function Refused() {
  const { detail, state: stage } = visit.value;
  return html`<${Screen} name="refused" title="web.kiosk.refused">
    <div class="big soon"><${Icon} name="ticket" /></div>
    <p class="message soon">
      <${Icon} name="triangle-alert" />
      ${stage === "unanswered" || !detail ? html`<${Both} k="web.kiosk.unanswered" />` : html`<span>${detail}</span>`}
    </p>
    <p class="row ways">
      <button type="button" class="button main" data-action="back" onClick=${() => leave()}><${Icon} name="rotate-ccw" /><${Both} k="web.kiosk.again" /></button>
    </p>
  <//>`;
}

export function Offline({ isAlive }) {
  const { hall, link } = state.value;
  return html`<${Screen} name="offline" title="web.kiosk.offline">
    <div class="big now"><${Icon} name="wifi-off" /></div>
    <p class="lead"><${Both} k="web.kiosk.offline.text" /></p>
    ${isAlive && link.since && hall && html`<p class="soft">${t("web.kiosk.offline.since", { at: clock(link.since, hall.branch.time_zone) })}</p>`}
    ${isAlive && link.refused && html`<p class="message now"><${Icon} name="triangle-alert" /><span>${t("web.kiosk.offline.refused", { status: link.refused })}</span></p>`}
  <//>`;
}

export function Closed() {
  const { hall, hours, others } = state.value;
  const { opens_at, time_zone } = hall.branch;
  const isAlways = hours && hours.numbers_from === hours.last_number;
  return html`<${Screen} name="closed" title="web.kiosk.closed">
    <div class="big"><${Icon} name="door-closed" /></div>
    <dl class="facts">
      <div>
        <dt><${Both} k="web.kiosk.closed.today" /></dt>
        <dd>${hours ? (isAlways ? t("web.kiosk.closed.always") : `${hours.numbers_from}–${hours.last_number}`) : t("web.kiosk.closed.not_today")}</dd>
      </div>
      ${opens_at &&
      html`<div>
        <dt><${Both} k="web.kiosk.closed.next" /></dt>
        <dd>${clockOrDay(opens_at, time_zone)}</dd>
      </div>`}
    </dl>
    ${others.length > 0 &&
    html`<h2><${Both} k="web.kiosk.closed.others" /></h2>
      <ul class="stack others">
        ${others.map((other) => html`<li class="card" key=${pick(other.name)}><strong><${BothNames} text=${other.name} /></strong><p class="row soft"><${Icon} name="map-pin" />${pick(other.address)}</p></li>`)}
      </ul>`}
  <//>`;
}

export function Full() {
  const self = state.value.hall.services.filter((service) => service.self_service);
  return html`<${Screen} name="full" title="web.kiosk.full">
    <div class="big"><${Icon} name="users-round" /></div>
    <p class="lead"><${Both} k="web.kiosk.full.text" /></p>
    ${self.length > 0 &&
    html`<h2><${Both} k="web.kiosk.full.self" /></h2>
      <ul class="stack others">
        ${self.map((service) => html`<li class="card" key=${service.id}><strong>${pick(service.name)}</strong><p class="soft">${pick(service.self_service)}</p></li>`)}
      </ul>`}
  <//>`;
}
