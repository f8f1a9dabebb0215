// Where a ticket stands, in words: what is so now, what the visitor does, and why.
import { html } from "../vendor/htm-preact.js";
import { Icon, Label, WaitRange } from "../shared/components.js";
import { language, pick, t } from "../shared/i18n.js";

const OVER = ["finished", "diverted", "cancelled", "expired"];
const LEAVABLE = ["waiting", "missed"];
const AT_HAND = ["waiting", "called"];
const LABEL_SHORT_MAX = 5;
const CALLABLE = ["waiting", "called", "missed", "parked"];

export function isCalled({ status }) {
  return status === "called";
}

export function isOver({ status }) {
  return OVER.includes(status);
}

// Whether a call, or a call again, may come.
export function mayBeCalled({ status }) {
  return CALLABLE.includes(status);
}

export function mayLeave({ status }) {
  return LEAVABLE.includes(status);
}

// For the browser's tab, which may be all that somebody sees.
export function titleOf(ticket) {
  return isCalled(ticket) ? t("web.ticket.title.called", ticket) : `${ticket.label} · ${state(ticket)}`;
}

export function Standing({ ticket }) {
  return html`<section class="card stack standing" data-status=${ticket.status} aria-labelledby="label">
    <p class="standing-service">${pick(ticket.service.name)}</p>
    <h1 id="label" class=${ticket.label.length > LABEL_SHORT_MAX ? "long" : null}><${Label} text=${ticket.label} /></h1>
    <p class="lead" role="status"><${State} ticket=${ticket} /></p>
    ${ticket.calls > 1 && isCalled(ticket) && html`<p class="row"><${Icon} name="bell-ring" />${t("web.ticket.again", { count: ticket.calls })}</p>`}
    <${Next} ticket=${ticket} />
    ${ticket.status === "waiting" && html`<${Facts} ticket=${ticket} />`}
  </section>`;
}

// What else is good to know meanwhile.
export function Background({ ticket }) {
  return html`
    ${ticket.legs.length > 1 && !isOver(ticket) && html`<${Legs} ticket=${ticket} />`}
    ${ticket.status === "waiting" && ticket.overtaken > 0 && html`<${Others} ticket=${ticket} />`}
    ${AT_HAND.includes(ticket.status) && html`<${MissedRule} rule=${ticket.missed_rule} />`}
  `;
}

function State({ ticket }) {
  if (!isCalled(ticket)) return state(ticket);
  // The number of the window stands out of its sentence.
  const [before, after] = t("web.ticket.called").split("{window}");
  return html`${before}<strong class="standing-window">${ticket.window}</strong>${after}`;
}

// One sentence.
function state({ status, ahead, window, windows }) {
  if (status !== "waiting") return t(`web.ticket.state.${status}`, { window });
  if (windows.length === 0) return t("web.ticket.state.waiting.no_window");
  return ahead === 0 ? t("web.ticket.state.waiting.next") : t("web.ticket.state.waiting", { count: ahead });
}

// What the visitor does now, where that does not go without saying.
function Next({ ticket }) {
  const { status, missed_rule } = ticket;
  if (status === "missed") return html`<p>${t("web.ticket.next.missed")} ${ruleOf(missed_rule)}</p>`;
  if (isCalled(ticket) || status === "serving" || status === "waiting") return null;
  return html`<p>${t(`web.ticket.next.${status}`)}</p>`;
}

function Facts({ ticket: { wait, windows } }) {
  return html`<dl class="standing-facts">
    <div><dt>${t("web.ticket.wait")}</dt><dd><${WaitRange} wait=${wait} /></dd></div>
    ${windows.length > 0 &&
    html`<div>
      <dt>${t("web.ticket.windows")}</dt>
      <dd><ul class="row">${windows.map((number) => html`<li class="standing-tile">${number}</li>`)}</ul></dd>
    </div>`}
  </dl>`;
}

function Legs({ ticket: { legs, leg } }) {
  return html`<section class="card stack" aria-labelledby="legs">
    <h2 id="legs">${t("web.ticket.legs", { number: leg + 1, count: legs.length })}</h2>
    <ol class="legs stack">
      ${legs.map(
        ({ name }, index) => html`<li class=${index === leg ? "row leg-now" : "row"} aria-current=${index === leg ? "step" : null}>
          <${Icon} name=${index < leg ? "circle-check" : index === leg ? "arrow-right" : "hourglass"} />
          <span>${pick(name)}</span>
          ${index !== leg && html`<span class="soft push">${t(index < leg ? "web.ticket.legs.done" : "web.ticket.legs.later")}</span>`}
        </li>`,
      )}
    </ol>
  </section>`;
}

// Who was called first, by class alone: why somebody has a class is theirs.
function Others({ ticket: { overtaken, overtaken_by } }) {
  const who = overtaken_by.map(({ class: visitor_class, times }) => t(`web.ticket.others.${visitor_class}`, { count: times }));
  const listed = new Intl.ListFormat(language.value, { type: "conjunction" }).format(who);
  return html`<section class="card stack" aria-labelledby="others">
    <h2 id="others">${t("web.ticket.others")}</h2>
    <p>${t("web.ticket.others.who", { count: overtaken, who: listed })}</p>
    <p class="soft">${t("web.ticket.others.rule")}</p>
  </section>`;
}

function MissedRule({ rule }) {
  return html`<section class="card stack" aria-labelledby="missed">
    <h2 id="missed">${t("web.ticket.missed")}</h2>
    <p>${ruleOf(rule)}</p>
  </section>`;
}

function ruleOf({ rule, after }) {
  return t(`web.ticket.missed.${rule}`, { count: after });
}
