// A number for somebody: the service, then the class and the language, then the number to show or to print.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { effect, signal, untracked } from "../vendor/signals.js";
import { Chip, Icon, Label, tell, WaitRange } from "../shared/components.js";
import { language, languageName, LANGUAGES, pick, t } from "../shared/i18n.js";
import { Choices, CLASSES } from "./person.js";
import { PrintAt } from "./prints.js";
import { tab } from "./route.js";
import { answered, isWaiting, tap } from "./taps.js";

// A greeter knows the visitor: these may be given whether or not the kiosk asks for them.
const ABOUT = "number";

const chosen = signal(null);
// The number that was taken last, as the core told it: a ticket with its link.
const issued = signal(null);

effect(() => {
  if (answered.value?.tap.about !== ABOUT) return;
  const ticket = answered.value.answer;
  issued.value = ticket;
  if (tab.peek() !== "number") untracked(() => tell(t("web.guide.number.ready", { label: ticket.label })));
});

export function TakeNumber({ branch, floor, live }) {
  const service = floor.services.find(({ id }) => id === chosen.value);
  const heading = useRef(null);
  const step = issued.value ? "issued" : service ? "choices" : "services";
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) heading.current?.focus();
    before.current = step;
  }, [step]);
  const title = { services: t("web.guide.number.service"), choices: service && pick(service.name), issued: t("web.guide.number.issued") }[step];
  return html`
    <h1 class="number-title" tabindex="-1" ref=${heading}>${title}</h1>
    ${step === "services" && html`<${Services} services=${floor.services} />`}
    ${step === "choices" && html`<${Details} branch=${branch} service=${service} />`}
    ${step === "issued" && html`<${Issued} branch=${branch} floor=${floor} live=${live} ticket=${issued.value} />`}
  `;
}

function Services({ services }) {
  return html`<ul class="offers">
    ${services.map(
      ({ id, prefix, name, about, open, closed_reason, waiting, wait }) => html`<li key=${id}>
        <button type="button" class="offer" disabled=${!open} onClick=${() => (chosen.value = id)}>
          <span class="offer-prefix">${prefix}</span>
          <strong>${pick(name)}</strong>
          <span class="soft">${pick(about)}</span>
          <span class="offer-wait">
            ${open ? html`${t("web.people_waiting", { count: waiting })} · <${WaitRange} wait=${wait} />` : t(`web.guide.closed.${closed_reason ?? "closed"}`)}
          </span>
        </button>
      </li>`,
    )}
  </ul>`;
}

function Details({ branch, service }) {
  function take(event) {
    event.preventDefault();
    const body = { service: service.id, ...Object.fromEntries(new FormData(event.target)) };
    tap({ path: `/api/v1/branches/${encodeURIComponent(branch)}/tickets`, body, about: ABOUT, isQuiet: true, text: t("web.guide.number.done", { service: pick(service.name) }) });
    chosen.value = null;
  }

  return html`<form class="card stack" onSubmit=${take}>
    ${service.self_service && html`<p class="message"><${Icon} name="info" /><span>${pick(service.self_service)}</span></p>`}
    <${Choices} name="class" legend=${t("web.guide.class")} codes=${CLASSES} word=${(code) => t(`class.${code}`)} />
    <${Choices} name="language" legend=${t("web.language")} codes=${LANGUAGES} chosen=${language.value} word=${(tag) => languageName(tag)} />
    <p class="row">
      <button class="button main take" disabled=${isWaiting(ABOUT)}><${Icon} name="ticket" />${t("web.guide.number.take")}</button>
      <button type="button" class="button" onClick=${() => (chosen.value = null)}>${t("web.back")}</button>
    </p>
  </form>`;
}

function Issued({ branch, floor, live, ticket }) {
  const service = floor.services.find(({ id }) => id === ticket.service);
  return html`<div class="issued">
    <section class="card stack shown" aria-label=${ticket.label}>
      <${Label} text=${ticket.label} />
      <p class="row"><strong>${service ? pick(service.name) : ticket.service}</strong>${ticket.class !== "normal" && html`<${Chip} tone="accent">${t(`class.${ticket.class}`)}<//>`}</p>
      <p>${t("web.guide.fact.ahead")} ${t("web.guide.people", { count: ticket.ahead ?? 0 })} · <${WaitRange} wait=${ticket.wait} /></p>
      <img class="qr" src=${`/api/v1/tickets/${encodeURIComponent(ticket.token)}/qr.svg`} alt=${t("web.guide.number.qr")} />
      <p class="soft">${t("web.guide.number.scan")}</p>
    </section>
    <section class="card stack">
      <${PrintAt} branch=${branch} floor=${floor} live=${live} ticket=${ticket} />
      <p><button type="button" class="button main" onClick=${() => (issued.value = null)}><${Icon} name="plus" />${t("web.guide.number.another")}</button></p>
    </section>
  </div>`;
}
