// The visitor's page: the own ticket, followed live on a phone until the visit is over.
import { html } from "../vendor/htm-preact.js";
import { useEffect, useRef } from "../vendor/preact-hooks.js";
import { useSignal } from "../vendor/signals.js";
import { get, Refused, send } from "../shared/api.js";
import { announce, Announcer, clearProblems, ConfirmInPlace, Freshness, Icon, LanguageSwitch, Part, tell, Toasts, useLive } from "../shared/components.js";
import { pick, t } from "../shared/i18n.js";
import { start } from "../shared/page.js";
import { clock, now } from "../shared/time.js";
import { BellSwitch, callOf, hush, tellCall } from "./bell.js";
import { Background, isCalled, isOver, mayBeCalled, mayLeave, Standing, titleOf } from "./standing.js";

const path = `/api/v1/tickets/${location.pathname.split("/")[2]}`;

// The first answer is asked for before the words, because the ticket knows the visitor's language.
async function firstAnswer() {
  try {
    return { ticket: await get(path, { tries_max: 1 }), isUnknown: false };
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return { ticket: null, isUnknown: refused.status === 404 };
  }
}

const first = await firstAnswer();

function TicketPage() {
  const isUnknown = useSignal(first.isUnknown);
  return html`
    ${isUnknown.value ? html`<${Unknown} />` : html`<${Followed} onUnknown=${() => (isUnknown.value = true)} />`}
    <${Announcer} />
    <${Toasts} />
  `;
}

function Followed({ onUnknown }) {
  async function check() {
    try {
      await get(path, { tries_max: 1 });
      return true;
    } catch (refused) {
      if (!(refused instanceof Refused) || refused.status !== 404) throw refused;
      onUnknown();
      return false;
    }
  }

  const live = useLive(`${path}/live`, { check });
  const ticket = live?.view.value ?? first.ticket;
  if (!ticket) return html`<${Frame}><p class="lead" role="status">${t("web.loading")}</p><//>`;
  return html`<${Visit} ticket=${ticket} live=${live} />`;
}

function Visit({ ticket, live }) {
  const call = callOf(ticket);
  useAwake(mayBeCalled(ticket));
  useEffect(() => {
    document.title = titleOf(ticket);
  });
  useEffect(() => {
    if (call === null) {
      announce("");
      hush();
    } else if (tellCall(call)) announce(t("web.ticket.called", { window: ticket.window }));
  }, [call]);

  return html`<${Frame} name=${pick(ticket.branch.name)} live=${isOver(ticket) ? null : live} isCalled=${isCalled(ticket)}>
    ${live && !isOver(ticket) && html`<${Stale} live=${live} />`}
    <${Part} view=${ticket}><${Standing} ticket=${ticket} /><//>
    ${mayBeCalled(ticket) && html`<${BellSwitch} />`}
    <${Part} view=${ticket}><${Background} ticket=${ticket} /><//>
    ${mayLeave(ticket) && html`<${Leave} ticket=${ticket} isPossible=${live?.isFresh.value ?? false} />`}
  <//>`;
}

function Frame({ name, live, isCalled, children }) {
  return html`<div class=${isCalled ? "phone called" : "phone"}>
    <header class="phone-head row">
      <strong>${name ?? t("web.product")}</strong>
      <span class="push"><${LanguageSwitch} /></span>
    </header>
    <main class="stack">${children}</main>
    ${live && html`<footer class="row"><${Freshness} live=${live} /></footer>`}
  </div>`;
}

// Since when what is shown has not been renewed; the call may be given in the hall meanwhile.
function Stale({ live }) {
  const isStale = live.view.value !== null && !live.isFresh.value;
  return html`<div role="alert">
    ${isStale &&
    html`<p class="message now">
      <${Icon} name="wifi-off" /><span>${t("web.ticket.stale", { at: clock(now.peek() - live.age_s.peek() * 1000) })}</span>
    </p>`}
  </div>`;
}

// Leaving the queue: asked once, in place.
function Leave({ ticket, isPossible }) {
  const isAsking = useSignal(false);
  const isBusy = useSignal(false);
  const button = useRef(null);

  async function leave() {
    if (isBusy.value || !isPossible) return;
    isBusy.value = true;
    clearProblems();
    try {
      await send(`${path}/cancel`);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      tell(refused.message, { isProblem: true });
    } finally {
      isBusy.value = false;
      isAsking.value = false;
    }
  }

  function back() {
    isAsking.value = false;
    requestAnimationFrame(() => button.current?.focus());
  }

  if (isAsking.value && isPossible) {
    const actions = [{ text: t("web.ticket.leave"), run: leave, grave: true }];
    return html`<${ConfirmInPlace} question=${t("web.ticket.leave.question", { label: ticket.label })} actions=${actions} onBack=${back} />`;
  }
  return html`<button type="button" class="button grave" ref=${button} disabled=${!isPossible} onClick=${() => (isAsking.value = true)}>
    <${Icon} name="log-out" />${t("web.ticket.leave")}
  </button>`;
}

function Unknown() {
  return html`<${Frame}>
    <section class="card stack">
      <h1>${t("web.ticket.unknown")}</h1>
      <p>${t("web.ticket.unknown.what")}</p>
    </section>
  <//>`;
}

// Keeps the screen on while a call may come, where the phone allows it.
function useAwake(isWanted) {
  useEffect(() => {
    if (!isWanted || !navigator.wakeLock) return undefined;
    let lock = null;
    let isDone = false;

    // A page that is not seen loses its lock, and asks again when it is.
    async function hold() {
      if (document.visibilityState !== "visible") return;
      try {
        const held = await navigator.wakeLock.request("screen");
        if (isDone) held.release();
        else lock = held;
      } catch (refused) {
        if (!(refused instanceof DOMException)) throw refused; // a low battery, say
      }
    }

    hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      isDone = true;
      document.removeEventListener("visibilitychange", hold);
      lock?.release();
    };
  }, [isWanted]);
}

start(TicketPage, { language: first.ticket?.language });
