// The customer at the window, or what the window does without one.
import { html } from "../vendor/htm-preact.js";
import { Chip, ClassChips, Icon, Label } from "../shared/components.js";
import { language, languageName, LANGUAGES, pick, t, worded } from "../shared/i18n.js";
import { clock, minutes, now, since_s, stopwatch } from "../shared/time.js";

const TICKET_TONES = { called: "accent", serving: "good" };

export function Customer({ desk }) {
  const view = desk.view.value;
  return html`
    ${view.ticket ? html`<${Present} view=${view} ticket=${view.ticket} />` : html`<${Absent} view=${view} />`}
    <${UndoHint} view=${view} />
  `;
}

function Present({ view, ticket }) {
  const service = view.services.find(({ id }) => id === ticket.service);
  return html`
    <div class="customer-head row">
      <${Chip} tone=${TICKET_TONES[ticket.status]}>${t(`status.${ticket.status}`)}<//>
      <${ClassChips} ticket=${ticket} />
      ${ticket.language !== language.value && html`<${Chip} icon="languages"><${VisitorLanguage} tag=${ticket.language} /><//>`}
      <${Running} ticket=${ticket} />
    </div>
    <div class="customer-who">
      <h2 id="customer-title"><${Label} text=${ticket.label} /></h2>
      <p class="customer-service">${service ? pick(service.name) : ticket.service}</p>
    </div>
    <dl class="facts">
      <${Fact} name=${t("web.counter.fact.waited")}><${Waited} ticket=${ticket} target_s=${service?.target_wait_s} /><//>
      <${Fact} name=${t("web.counter.fact.taken")}>
        ${t(`channel.${ticket.channel}`)} ${clock(ticket.issued_at, view.branch.time_zone)}
      <//>
      <${Fact} name=${t("web.counter.fact.calls")}>${t("web.times", { count: ticket.calls })}<//>
      ${ticket.reason && html`<${Fact} name=${t("web.counter.fact.reason")}>${worded("reason", ticket.reason)}<//>`}
      ${ticket.overtaken > 0 && html`<${Fact} name=${t("web.counter.fact.overtaken")}>${t("web.times", { count: ticket.overtaken })}<//>`}
      ${ticket.legs.length > 1 && html`<${Fact} name=${t("web.counter.fact.legs")}>${ticket.legs.map((id, index) => html`<${Leg} view=${view} id=${id} isNow=${index === ticket.leg} />`)}<//>`}
    </dl>
  `;
}

function Fact({ name, children }) {
  return html`<div><dt class="soft">${name}</dt><dd>${children}</dd></div>`;
}

function Leg({ view, id, isNow }) {
  const service = view.services.find((one) => one.id === id);
  return html`<span class=${isNow ? "leg now" : "leg"} aria-current=${isNow ? "step" : null}>${service ? pick(service.name) : id}</span>`;
}

function VisitorLanguage({ tag }) {
  const isKnown = LANGUAGES.includes(tag);
  return html`<span lang=${isKnown ? tag : null}>${languageName(tag)}</span>`;
}

function Waited({ ticket, target_s }) {
  const waited_s = (Date.parse(ticket.called_at) - Date.parse(ticket.waiting_since)) / 1000;
  const isOver = target_s !== undefined && waited_s > target_s;
  const text = minutes(Math.max(0, waited_s));
  return isOver ? html`<span class="over"><${Icon} name="clock" />${text} · ${t("web.over_target")}</span>` : text;
}

// Since the call, or since the service began. Alone, because it changes every second.
function Running({ ticket }) {
  const since = ticket.status === "serving" ? ticket.started_at : ticket.called_at;
  const name = ticket.status === "serving" ? t("web.counter.running.serving") : t("web.counter.running.called");
  return html`<span class="running push"><span class="soft">${name}</span> <span role="timer" class="running-time">${stopwatch(since_s(since))}</span></span>`;
}

function Absent({ view }) {
  const next = view.waiting[0];
  const isPaused = view.window.state === "paused";
  const service = next && view.services.find(({ id }) => id === next.service);
  return html`
    <h2 class="absent" id="customer-title">
      ${isPaused
        ? html`<${Icon} name="pause" />${t("web.counter.paused", { reason: worded("pause", view.window.pause_reason ?? "other") })}`
        : t("web.counter.idle")}
    </h2>
    ${next
      ? html`<p class="soft next-word">${t("web.counter.next")}</p>
          <p class="next"><strong class="next-label">${next.label}</strong><span>${service ? pick(service.name) : next.service}</span><${ClassChips} ticket=${next} /></p>`
      : html`<p class="soft">${t("web.counter.nobody")}</p>`}
  `;
}

function UndoHint({ view }) {
  if (view.undo === null || Date.parse(view.undo_until) <= now.value) return null;
  const left = stopwatch((Date.parse(view.undo_until) - now.value) / 1000);
  return html`<p class="undo soft">${t("web.counter.undo_hint", { label: view.undo.label, left })}</p>`;
}
