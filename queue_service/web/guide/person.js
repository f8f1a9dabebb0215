// One person's card: what is known, and what a greeter may do. Grave acts ask once, in place.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useId, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get, Refused } from "../shared/api.js";
import { nameOf, useNames } from "../shared/colleagues.js";
import { Chip, ClassChips, ConfirmInPlace, Icon, Label, WaitRange } from "../shared/components.js";
import { language, languageName, pick, t, worded } from "../shared/i18n.js";
import { clock, minutes, since_s } from "../shared/time.js";
import { PrintAt } from "./prints.js";
import { roamingDesk } from "./roaming.js";
import { answered, isWaiting, tap } from "./taps.js";

/** Classes that staff may give; the others are earned. */
export const CLASSES = ["normal", "priority", "vip"];
const REASONS_CLASS = ["needs_care", "confirmed", "not_confirmed", "manager_asked", "other"];
const REASONS_CALL = ["needs_care", "agreed", "manager_asked", "other"];
const DIVERTS = ["self_service", "online", "greeter", "other"];
const WORDS_CHARS_MAX = 80;
const TONES = { waiting: "", called: "accent", serving: "good", missed: "soon", parked: "soon" };

// In which statuses the core would do it (hall/lifecycle.py); it has the last word.
const MAY = {
  reclass: ["waiting", "called", "serving", "missed", "parked"],
  divert: ["waiting", "called"],
  cancel: ["waiting", "called", "missed", "parked"],
  reinstate: ["missed"],
  call: ["waiting", "missed", "parked"],
};

export function Person({ branch, floor, live, id, onBack }) {
  const heading = useRef(null);
  const known = useRef(null);
  const panel = useSignal(null);
  const detail = useDetail(branch, id);
  const present = floor.tickets.find((ticket) => ticket.id === id);
  const ticket = present ?? detail.value ?? known.current;
  useEffect(() => {
    if (present) known.current = present;
  }, [present]);
  useEffect(() => {
    scrollTo(0, 0);
    heading.current?.focus();
  }, [ticket === null]);
  useNames(branch, (detail.value?.remarks ?? []).map(({ by }) => by));

  const back = html`<p><button type="button" class="button quiet back" onClick=${onBack}><${Icon} name="arrow-left" />${t("web.back")}</button></p>`;
  if (ticket === null) return html`<section class="card person stack">${back}<p role="status">${t("web.loading")}</p></section>`;
  const service = floor.services.find((one) => one.id === ticket.service);
  return html`<section class="card person stack" aria-labelledby="person">
    ${back}
    <div class="row">
      <h2 id="person" tabindex="-1" ref=${heading}><${Label} text=${ticket.label} /></h2>
      <span class="row marks">
        <${Chip} tone=${TONES[ticket.status] ?? ""}>${t(`status.${ticket.status}`)}<//>
        <${ClassChips} ticket=${ticket} />
        ${isWaiting(id) && html`<${Chip} tone="soon" icon="send">${t("web.guide.taps.mark")}<//>`}
      </span>
    </div>
    <p class="person-service">${service ? pick(service.name) : ticket.service}</p>
    <${Facts} floor=${floor} ticket=${ticket} service=${service} />
    ${detail.value?.remarks.length > 0 && html`<${Remarks} remarks=${detail.value.remarks} timeZone=${floor.branch.time_zone} />`}
    ${present
      ? html`<${Acts} branch=${branch} floor=${floor} live=${live} ticket=${ticket} service=${service} panel=${panel} />`
      : html`<p class="message"><${Icon} name="info" /><span>${t("web.guide.person.gone")}</span></p>`}
  </section>`;
}

// The ticket with its remarks, asked for again after each act; null until it is known.
function useDetail(branch, id) {
  const detail = useSignal(null);
  const done = answered.value?.tap.about === id ? answered.value.tap.key : "";
  useEffect(() => {
    get(`/api/v1/branches/${encodeURIComponent(branch)}/tickets/${encodeURIComponent(id)}`, { tries_max: 1 }).then(
      (answer) => (detail.value = answer),
      (refused) => {
        if (!(refused instanceof Refused)) throw refused; // the floor tells the rest
      },
    );
  }, [branch, id, done]);
  return detail;
}

function Facts({ floor, ticket, service }) {
  const waited_s = since_s(ticket.waiting_since);
  const isOver = ticket.status === "waiting" && waited_s > (service?.target_wait_s ?? Infinity);
  return html`<dl class="facts">
    ${ticket.status === "waiting" &&
    html`<${Fact} name=${t("web.counter.fact.waited")}>
        ${isOver ? html`<span class="over"><${Icon} name="clock" />${minutes(waited_s)} · ${t("web.over_target")}</span>` : minutes(waited_s)}
      <//>
      <${Fact} name=${t("web.guide.fact.ahead")}>${t("web.guide.people", { count: ticket.ahead ?? 0 })}<//>
      <${Fact} name=${t("web.home.wait")}><${WaitRange} wait=${ticket.wait} /><//>`}
    ${ticket.windows.length > 0 && html`<${Fact} name=${t("web.window_word")}>${ticket.windows.join(" · ")}<//>`}
    ${ticket.window !== null && html`<${Fact} name=${t("web.window_word")}>${ticket.window}<//>`}
    <${Fact} name=${t("web.counter.fact.taken")}>${t(`channel.${ticket.channel}`)} ${clock(ticket.issued_at, floor.branch.time_zone)}<//>
    ${ticket.language !== language.value && html`<${Fact} name=${t("web.language")}>${languageName(ticket.language)}<//>`}
    ${ticket.overtaken > 0 && html`<${Fact} name=${t("web.counter.fact.overtaken")}>${t("web.times", { count: ticket.overtaken })}<//>`}
    ${ticket.legs.length > 1 && html`<${Fact} name=${t("web.counter.fact.legs")}>${ticket.legs.map((leg) => pick(floor.services.find(({ id }) => id === leg)?.name ?? { id: leg })).join(" → ")}<//>`}
  </dl>`;
}

function Fact({ name, children }) {
  return html`<div><dt class="soft">${name}</dt><dd>${children}</dd></div>`;
}

function Remarks({ remarks, timeZone }) {
  return html`<section class="stack remarks" aria-labelledby="remarks">
    <h3 id="remarks">${t("web.guide.remarks")}</h3>
    <ul class="stack">
      ${remarks.map(({ at, by, text }) => html`<li key=${at}>${text} <span class="soft">${nameOf(by)} · ${clock(at, timeZone)}</span></li>`)}
    </ul>
  </section>`;
}

function Acts({ branch, floor, live, ticket, service, panel }) {
  const path = `/api/v1/branches/${encodeURIComponent(branch)}/tickets/${encodeURIComponent(ticket.id)}`;
  const may = (act) => MAY[act].includes(ticket.status);
  const show = (name) => () => (panel.value = name);
  const close = () => (panel.value = null);
  const { label } = ticket;

  // Back at the card's own buttons when a question was answered.
  const acts = useRef(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (wasAsking.current && panel.value === null && document.activeElement === document.body) acts.current?.querySelector("button")?.focus();
    wasAsking.current = panel.value !== null;
  }, [panel.value]);

  function act(text, verb, body) {
    tap({ path: `${path}/${verb}`, body, about: ticket.id, text });
    close();
  }

  function reclass({ code, reason, words }) {
    tap({ method: "PATCH", path, body: { class: code, reason: said(reason, words) }, about: ticket.id, text: t("web.guide.class.done", { label, class: t(`class.${code}`) }) });
    close();
  }

  const desk = roamingDesk.value;
  const mayCall = may("call") && desk !== null && desk.isMine.value;

  switch (panel.value) {
    case "class":
      return html`<${Form} title=${t("web.guide.class.title", { label })} submit=${t("web.guide.class.submit")} onBack=${close} onSubmit=${reclass}>
        <${Choices} name="code" legend=${t("web.guide.class")} codes=${CLASSES} chosen=${ticket.class} word=${(code) => t(`class.${code}`)} />
        <${Choices} name="reason" legend=${t("web.counter.panel.reason")} codes=${REASONS_CLASS} word=${(code) => t(`reason.${code}`)} />
      <//>`;
    case "divert":
      return html`<${Form} title=${t("web.guide.divert.title", { label })} note=${service?.self_service && pick(service.self_service)} submit=${t("web.guide.divert")} isGrave onBack=${close}
        onSubmit=${({ code, words }) => act(t("web.guide.divert.done", { label, to: t(`divert.${code}`) }), "divert", { to: said(code, words) })}>
        <${Choices} name="code" legend=${t("web.guide.divert.to")} codes=${DIVERTS} word=${(code) => t(`divert.${code}`)} />
      <//>`;
    case "call":
      return html`<${Form} title=${t("web.counter.panel.call", { label })} submit=${t("web.guide.call_here", { number: desk?.number ?? "" })} onBack=${close}
        onSubmit=${({ code, words }) => {
          close();
          desk?.act("call", { ticket: ticket.id, reason: said(code, words) });
        }}>
        <${Choices} name="code" legend=${t("web.counter.panel.reason")} codes=${REASONS_CALL} word=${(code) => t(`reason.${code}`)} />
      <//>`;
    case "cancel":
      return html`<${ConfirmInPlace} question=${t("web.guide.cancel.question", { label })}
        actions=${[{ text: t("web.guide.cancel"), run: () => act(t("web.guide.cancel.done", { label }), "cancel", {}), grave: true }]} onBack=${close} />`;
    case "reinstate":
      return html`<${ConfirmInPlace} question=${reinstateQuestion(label, floor.branch.missed_rule)}
        actions=${[{ text: t("web.guide.reinstate"), run: () => act(t("web.guide.reinstate.done", { label }), "reinstate", {}) }]} onBack=${close} />`;
    case "print":
      return html`<${PrintAt} branch=${branch} floor=${floor} live=${live} ticket=${ticket} onBack=${close} />`;
    default:
      return html`<div class="acts" ref=${acts}>
        ${ticket.to_confirm &&
        html`<div class="message soon confirm" role="group" aria-label=${t("web.to_confirm")}>
          <${Icon} name="user-check" /><span>${t("web.guide.confirm.question", { class: worded("class", ticket.class) })}</span>
          <span class="row">
            <button type="button" class="button main" onClick=${() => reclass({ code: ticket.class, reason: "confirmed" })}>${t("web.guide.confirm.yes")}</button>
            <button type="button" class="button" onClick=${() => reclass({ code: "normal", reason: "not_confirmed" })}>${t("web.guide.confirm.no")}</button>
          </span>
        </div>`}
        ${may("reinstate") && html`<button type="button" class="button main" onClick=${show("reinstate")}><${Icon} name="undo-2" />${t("web.guide.reinstate")}</button>`}
        ${mayCall && html`<button type="button" class="button main" disabled=${!desk.may("call")} onClick=${show("call")}><${Icon} name="megaphone" />${t("web.guide.call_here", { number: desk.number })}</button>`}
        ${may("reclass") && html`<button type="button" class="button" onClick=${show("class")}><${Icon} name="id-card" />${t("web.guide.class.change")}</button>`}
        ${may("divert") && html`<button type="button" class="button" onClick=${show("divert")}><${Icon} name="arrow-right-left" />${t("web.guide.divert")}</button>`}
        <button type="button" class="button" onClick=${show("print")}><${Icon} name="printer" />${t("web.guide.print.copy")}</button>
        ${may("cancel") && html`<button type="button" class="button grave" onClick=${show("cancel")}><${Icon} name="user-x" />${t("web.guide.cancel")}</button>`}
      </div>`;
  }
}

function reinstateQuestion(label, { rule, after }) {
  return t("web.guide.reinstate.question", { label, place: t(`web.guide.reinstate.${rule}`, { after }) });
}

// "other" may be said in words, which the core keeps with the ticket's remarks.
function said(code, words) {
  return code === "other" ? words.trim() || code : code;
}

// A short form; the first choice has the focus, Enter sends it, Escape goes back.
function Form({ title, note, submit, isGrave = false, onSubmit, onBack, children }) {
  const id = useId();
  const words = useId();
  const form = useRef(null);
  useLayoutEffect(() => form.current.querySelector("input:checked")?.focus(), []);

  function send(event) {
    event.preventDefault();
    onSubmit(Object.fromEntries(new FormData(event.target)));
  }

  return html`<form class="stack asking" aria-labelledby=${id} ref=${form} onSubmit=${send} onKeyDown=${(event) => event.key === "Escape" && onBack()}>
    <h3 id=${id}>${title}</h3>
    ${note && html`<p class="soft">${note}</p>`}
    ${children}
    <div class="field words">
      <label for=${words}>${t("web.guide.words")}</label>
      <input class="input" id=${words} name="words" maxlength=${WORDS_CHARS_MAX} autocomplete="off" />
    </div>
    <p class="row">
      <button class=${isGrave ? "button grave" : "button main"}>${submit}</button>
      <button type="button" class="button" onClick=${onBack}>${t("web.back")}</button>
    </p>
  </form>`;
}

// One of a few; the first one is chosen where none is.
export function Choices({ name, legend, codes, chosen, word }) {
  const first = codes.includes(chosen) ? chosen : codes[0];
  return html`<fieldset>
    <legend>${legend}</legend>
    <div class="row choices">
      ${codes.map((code) => html`<label key=${code} class="choice"><input type="radio" name=${name} value=${code} defaultChecked=${code === first} />${word(code)}</label>`)}
    </div>
  </fieldset>`;
}
