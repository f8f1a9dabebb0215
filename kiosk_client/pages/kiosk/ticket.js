// The number, on paper or to be photographed.
import { html } from "../vendor/htm-preact.js";
import { useRef } from "../vendor/preact-hooks.js";
import { Icon, Label, WaitRange } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { Ring, Screen, useCountdown } from "./parts.js";
import { isSettling, leave, patience_ms, printAgain, settles_ms, startOver, state, touched_ms, visit } from "./visit.js";
import { Both, BothNames } from "./words.js";

export function Ticket() {
  const { ticket, qr, state: stage } = visit.value;
  const { picture } = state.value.printer;
  const isPrinted = stage === "printed";
  return html`<${Screen} name="ticket" title="web.kiosk.ticket">
    <div class="ticket-parts">
      <div class="stack ticket-main">
        <p class="number"><${Label} text=${ticket.label} /></p>
        <p class="lead" role="status">
          <span class="row"><${Icon} name=${isPrinted ? "printer-check" : "printer"} /><${Both} k=${isPrinted ? "web.kiosk.ticket.take" : "web.kiosk.ticket.printing"} /></span>
        </p>
        <${Facts} ticket=${ticket} />
      </div>
      <div class="stack ticket-side">
        <${Code} ticket=${ticket} qr=${qr} />
        ${picture !== null && isPrinted && html`<figure class="paper"><img src=${`/printed/${ticket.id}.png?${picture}`} alt=${t("web.kiosk.ticket.paper")} /></figure>`}
      </div>
    </div>
    ${isPrinted && html`<${Return} key=${visit.value.id} />`}
  <//>`;
}

// Back to the beginning by itself, unless somebody touches.
function Return() {
  const from_ms = useRef(performance.now());
  const kept = useRef(false);
  kept.current = kept.current || touched_ms.value > Math.max(from_ms.current, settles_ms());
  const ms = patience_ms("ticket_s");
  const left_s = useCountdown({ ms, from_ms: from_ms.current, isHeld: kept.current, onEnd: startOver });
  return html`<div class="row return">
    ${!kept.current &&
    html`<${Ring} left_s=${left_s.value} of_s=${ms / 1000} /><span><span>${t("web.kiosk.ticket.return", { seconds: left_s.value })}</span><br /><span class="soft">${t("web.kiosk.ticket.stay")}</span></span>`}
    <button type="button" class="button main push" data-action="done" onClick=${() => isSettling() || startOver()}><${Icon} name="check" /><${Both} k="web.kiosk.ticket.done" /></button>
  </div>`;
}

export function Unprinted() {
  const { ticket, qr, may_print } = visit.value;
  return html`<${Screen} name="unprinted" title="web.kiosk.unprinted">
    <p class="message soon"><${Icon} name="printer-x" /><${Both} k="web.kiosk.unprinted.valid" /></p>
    <div class="ticket-parts">
      <div class="stack ticket-main">
        <p class="number"><${Label} text=${ticket.label} /></p>
        <${Facts} ticket=${ticket} />
      </div>
      <div class="stack ticket-side"><${Code} ticket=${ticket} qr=${qr} /></div>
    </div>
    <div class="row ways">
      <button type="button" class="button main" data-action="have" onClick=${() => isSettling() || startOver()}><${Icon} name="check" /><${Both} k="web.kiosk.unprinted.have" /></button>
      ${may_print && html`<button type="button" class="button" data-action="print-again" onClick=${() => isSettling() || printAgain()}><${Icon} name="printer" /><${Both} k="web.kiosk.unprinted.again" /></button>`}
      <button type="button" class="button grave" data-action="give-up" onClick=${() => isSettling() || leave({ givesUp: true })}><${Icon} name="x" /><${Both} k="web.kiosk.unprinted.give_up" /></button>
    </div>
  <//>`;
}

function Facts({ ticket }) {
  const { services, windows, zones } = state.value.hall;
  const names = ticket.legs.map((id) => services.find((service) => service.id === id)?.name ?? {});
  const numbers = ticket.windows;
  const zone = zoneOf(numbers, windows, zones);
  return html`<dl class="facts">
    <div>
      <dt>${names.length > 1 ? t("web.kiosk.ticket.legs") : t("web.service")}</dt>
      <dd>${names.length > 1 ? names.map(pick).join(" → ") : html`<${BothNames} text=${names[0]} />`}</dd>
    </div>
    <div>
      <dt>${t("web.kiosk.ticket.where")}</dt>
      <dd>
        ${zone && html`<span>${pick(zone.name)}</span>`}
        ${numbers.length > 0 && html`<span>${t(numbers.length === 1 ? "web.kiosk.ticket.window" : "web.kiosk.ticket.windows", { windows: numbers.join(t("web.kiosk.comma")) })}</span>`}
        ${!zone && numbers.length === 0 && html`<span>${t("web.kiosk.ticket.anywhere")}</span>`}
      </dd>
    </div>
    ${ticket.ahead !== null &&
    html`<div>
      <dt>${t("web.kiosk.ticket.ahead")}</dt>
      <dd>${t("web.kiosk.ticket.people", { count: ticket.ahead })}</dd>
    </div>`}
    <div>
      <dt>${t("web.kiosk.ticket.wait")}</dt>
      <dd><${WaitRange} wait=${ticket.wait} /></dd>
    </div>
  </dl>`;
}

function Code({ ticket, qr }) {
  return html`<figure class="code">
    <img src=${qr} alt=${t("web.kiosk.ticket.qr_name", { label: ticket.label })} />
    <figcaption><${Both} k="web.kiosk.ticket.qr" /></figcaption>
  </figure>`;
}

// The part of the hall in which all these windows are, if it is one.
function zoneOf(numbers, windows, zones) {
  const found = new Set(windows.filter((window) => numbers.includes(window.number)).map((window) => window.zone));
  return found.size === 1 ? zones.find((zone) => found.has(zone.id)) : undefined;
}
