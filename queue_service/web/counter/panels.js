// What a verb asks before it goes to the core, in place under the verbs. Escape goes back.
import { html } from "../vendor/htm-preact.js";
import { useId, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { ConfirmInPlace } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";

// Panels that need room; the others ask in one line.
export const FORMS = new Set(["pause", "finish-as", "call", "walk-in", "transfer"]);

const PAUSES = ["lunch", "break", "meeting", "other"];
const OUTCOMES = ["done", "partly", "not_done"];
const PLACES = ["original", "first", "last"];
const REASONS_CALL = ["needs_care", "agreed", "manager_asked", "other"];
const REASONS_CALL_MISSED = ["returned", ...REASONS_CALL];
const REASONS_WALK_IN = ["quick", "no_number", "kiosk_down", "manager_asked", "other"];

export function Panel({ desk, onLeave, onSignOut }) {
  const panel = desk.panel.value;
  const view = desk.view.value;
  switch (panel?.name) {
    case "pause":
      return html`<${Form} desk=${desk} title=${t("web.counter.panel.pause")} submit=${t("web.counter.verb.pause")}
        note=${view.ticket && t("web.counter.panel.after_current")}
        onSubmit=${({ code }) => desk.act("pause", { reason: code, after_current: view.ticket !== null })}>
        <${Choices} name="code" codes=${PAUSES} word=${(code) => t(`pause.${code}`)} />
      <//>`;
    case "finish-as":
      return html`<${Form} desk=${desk} title=${t("web.counter.verb.finish-as")} submit=${t("web.counter.verb.finish")}
        onSubmit=${({ code }) => desk.finish(code)}>
        <${Choices} name="code" codes=${OUTCOMES} word=${(code) => t(`outcome.${code}`)} />
      <//>`;
    case "call":
      return html`<${Form} desk=${desk} key=${panel.ticket.id} title=${t("web.counter.panel.call", { label: panel.ticket.label })} submit=${t("web.counter.verb.call")}
        onSubmit=${({ code }) => desk.act("call", { ticket: panel.ticket.id, reason: code })}>
        <${Choices} name="code" codes=${panel.isMissed ? REASONS_CALL_MISSED : REASONS_CALL} word=${(code) => t(`reason.${code}`)} />
      <//>`;
    case "walk-in":
      return html`<${WalkIn} desk=${desk} view=${view} />`;
    case "transfer":
      return html`<${Transfer} desk=${desk} view=${view} />`;
    case "close":
      return html`<${ConfirmInPlace} question=${closeQuestion(view)}
        actions=${[{ text: t("web.counter.verb.close"), run: () => closeWindow(desk, onLeave), grave: true }]}
        onBack=${desk.close} />`;
    case "leave":
      return html`<${ConfirmInPlace} question=${leaveQuestion(view)}
        actions=${[
          ...(view.ticket ? [] : [{ text: t("web.counter.leave.close"), run: () => closeWindow(desk, onSignOut) }]),
          { text: t("web.counter.leave.keep_open"), run: onSignOut, grave: true },
        ]}
        onBack=${desk.close} />`;
    default:
      return null;
  }
}

function closeQuestion(view) {
  const { number, waiting } = view.window;
  if (view.ticket) return t("web.counter.close.after_current", { label: view.ticket.label });
  return waiting > 0 ? t("web.counter.close.waiting", { number, count: waiting }) : t("web.counter.close.question", { number });
}

function leaveQuestion({ ticket, window: { number } }) {
  return ticket ? t("web.counter.leave.serving", { label: ticket.label }) : t("web.counter.leave.question", { number });
}

// With somebody at the window it closes later, and its teller stays until then.
async function closeWindow(desk, then) {
  const isLater = desk.view.value.ticket !== null;
  const answer = await desk.act("close", { after_current: isLater });
  if (answer && !isLater) then();
}

// A short form; the first choice has the focus, Enter sends it.
function Form({ desk, title, note, submit, isReady = true, onSubmit, children }) {
  const id = useId();
  const form = useRef(null);
  // Before the next key can come.
  useLayoutEffect(() => form.current.querySelector("input:checked, select, input")?.focus(), []);

  function send(event) {
    event.preventDefault();
    if (isReady) onSubmit(Object.fromEntries(new FormData(event.target)));
  }

  // Enter sends from a list of options too, where browsers do not agree.
  function onKeyDown(event) {
    if (event.key === "Escape") desk.close();
    if (event.key === "Enter" && event.target.matches("select")) {
      event.preventDefault();
      form.current.requestSubmit();
    }
  }

  return html`<form class="card stack panel" aria-labelledby=${id} ref=${form} onSubmit=${send} onKeyDown=${onKeyDown}>
    <h2 id=${id}>${title}</h2>
    ${note && html`<p class="soft">${note}</p>`}
    ${children}
    <p class="row">
      <button class="button main" disabled=${!isReady}>${submit}</button>
      <button type="button" class="button" onClick=${desk.close}>${t("web.back")}</button>
    </p>
  </form>`;
}

// One of a few, the first one chosen.
function Choices({ name, legend, codes, word }) {
  return html`<fieldset>
    <legend class=${legend ? "" : "unseen"}>${legend ?? t("web.counter.panel.reason")}</legend>
    <div class="row">
      ${codes.map(
        (code, index) => html`<label key=${code} class="choice"><input type="radio" name=${name} value=${code} defaultChecked=${index === 0} />${word(code)}</label>`,
      )}
    </div>
  </fieldset>`;
}

// `options`: [value, word]
function Select({ name, label, options, onChange }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select class="input" id=${id} name=${name} onChange=${onChange}>
      ${options.map(([value, word]) => html`<option key=${value} value=${value}>${word}</option>`)}
    </select>
  </div>`;
}

function WalkIn({ desk, view }) {
  const served = view.services.filter(({ id }) => view.window.services.includes(id));
  return html`<${Form} desk=${desk} title=${t("web.counter.verb.walk-in")} note=${t("web.counter.panel.walk_in")} submit=${t("web.counter.verb.start")}
    onSubmit=${({ service, code }) => desk.act("walk-in", { service, reason: code })}>
    <${Select} name="service" label=${t("web.service")} options=${served.map(({ id, name }) => [id, pick(name)])} />
    <${Choices} name="code" codes=${REASONS_WALK_IN} word=${(code) => t(`reason.${code}`)} legend=${t("web.counter.panel.reason")} />
  <//>`;
}

function Transfer({ desk, view }) {
  const isSomewhere = useSignal(false);
  const look = (event) => {
    const { service, window } = Object.fromEntries(new FormData(event.target.form));
    isSomewhere.value = service !== "" || window !== "";
  };
  const services = view.services.filter(({ id }) => id !== view.ticket?.service);
  const windows = view.windows.filter(({ number, state }) => number !== desk.number && state !== "closed");
  const submit = ({ service, window, place }) =>
    desk.act("transfer", { ...(service && { service }), ...(window && { window: Number(window) }), place });
  return html`<${Form} desk=${desk} title=${t("web.counter.panel.transfer", { label: view.ticket?.label ?? "" })} submit=${t("web.counter.verb.transfer")}
    isReady=${isSomewhere.value} onSubmit=${submit}>
    <div class="fields">
      <${Select} name="service" label=${t("web.service")} onChange=${look}
        options=${[["", t("web.counter.panel.same_service")], ...services.map(({ id, name, waiting }) => [id, `${pick(name)} · ${t("web.people_waiting", { count: waiting })}`])]} />
      <${Select} name="window" label=${t("web.window_word")} onChange=${look}
        options=${[["", t("web.counter.panel.any_window")], ...windows.map(({ number, state }) => [number, `${t("web.window", { number })} · ${t(`web.window.${state}`)}`])]} />
    </div>
    <${Choices} name="place" codes=${PLACES} word=${(code) => t(`place.${code}`)} legend=${t("web.counter.panel.place")} />
  <//>`;
}
