// A ticket on paper at a chosen kiosk, and whether that kiosk has taken it.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useId, useLayoutEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal, useSignal } from "../vendor/signals.js";
import { get, Refused } from "../shared/api.js";
import { Chip, Icon } from "../shared/components.js";
import { t } from "../shared/i18n.js";
import { now } from "../shared/time.js";
import { answered, tap } from "./taps.js";

// The view that shows a new print may come after the answer that made it; one that is not there by then was taken at once.
const SHOWN_S_MAX = 2;

// The last print of each ticket asked for here: {id, kiosk, at_ms} by ticket.
const asked = signal(new Map());

effect(() => {
  const print = answered.value?.answer;
  if (!answered.value?.tap.path.endsWith("/print")) return;
  asked.value = new Map([...asked.peek(), [print.ticket, { id: print.id, kiosk: print.kiosk, at_ms: now.peek() }]]);
});

export function PrintAt({ branch, floor, live, ticket, onBack }) {
  const id = useId();
  const kiosks = useSignal(null);
  const problem = useSignal("");
  const list = useRef(null);
  const path = `/api/v1/branches/${encodeURIComponent(branch)}`;
  useEffect(() => {
    get(`${path}/kiosks`).then(
      (answer) => (kiosks.value = answer.kiosks),
      (refused) => {
        if (!(refused instanceof Refused)) throw refused;
        problem.value = refused.message;
      },
    );
  }, [path]);
  useLayoutEffect(() => {
    if (onBack) list.current?.querySelector("button")?.focus();
  }, [kiosks.value]);

  function print(kiosk) {
    const text = t("web.guide.print.done", { label: ticket.label, kiosk });
    tap({ path: `${path}/tickets/${encodeURIComponent(ticket.id)}/print`, body: { kiosk }, about: ticket.id, text, isQuiet: true });
  }

  const Heading = onBack ? "h3" : "h2"; // within a card, or a part of the page by itself
  return html`<section class="stack asking" aria-labelledby=${id} onKeyDown=${(event) => event.key === "Escape" && onBack?.()}>
    <${Heading} id=${id}>${t("web.guide.print.where")}<//>
    <div role="alert">${problem.value && html`<p class="message now"><${Icon} name="printer-x" /><span>${problem.value}</span></p>`}</div>
    ${kiosks.value?.length === 0 && html`<p class="soft">${t("web.guide.print.no_kiosk")}</p>`}
    <ul class="row kiosks" ref=${list}>
      ${kiosks.value?.map(
        ({ name, fault, connected }) => html`<li key=${name} class="row">
          <button type="button" class="button" onClick=${() => print(name)}><${Icon} name="printer" />${name}</button>
          ${!connected && html`<${Chip} tone="soon" icon="wifi-off">${t("web.guide.print.not_connected")}<//>`}
          ${fault && html`<${Chip} tone="soon" icon="triangle-alert">${t(`fault.${fault}`)}<//>`}
        </li>`,
      )}
    </ul>
    <${Printed} floor=${floor} live=${live} ticket=${ticket} />
    ${onBack && html`<p><button type="button" class="button" onClick=${onBack}>${t("web.back")}</button></p>`}
  </section>`;
}

function Printed({ floor, live, ticket }) {
  const print = asked.value.get(ticket.id);
  if (!print) return html`<div role="status"></div>`;
  const isPending = floor.prints.some(({ id }) => id === print.id) || !live.isFresh.value || now.value - print.at_ms < SHOWN_S_MAX * 1000;
  return html`<div role="status">
    <p class="row printed">
      <${Icon} name=${isPending ? "printer" : "printer-check"} />
      ${isPending ? t("web.guide.print.pending", { kiosk: print.kiosk }) : t("web.guide.print.taken", { kiosk: print.kiosk })}
    </p>
  </div>`;
}
